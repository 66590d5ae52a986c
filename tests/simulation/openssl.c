/*
 * OpenSSL inside the world: it draws from the world's chance, reads the world's clock and files of
 * the world's disk, and what a killed process had of it is freed.
 */
#define OPENSSL_SUPPRESS_DEPRECATED /* RAND_METHOD */
#include "simulation/openssl.h"

#include <fcntl.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "simulation/calls.h"
#include "simulation/kernel.h"
#include "simulation/memory.h"

#define HANDSHAKE_NS (2 * MILLISECOND) /* what a step of a handshake costs at most */
#define GENERATOR 0x55a1 /* another number than those of the parts of plans */

static struct chance chance;

/* ---- chance and time ---- */

static int
draw(unsigned char *bytes, int len)
{
	for (int i = 0; i < len; i++)
		bytes[i] = (unsigned char)chance_next(&chance);
	return 1;
}

static int
is_seeded(void)
{
	return 1;
}

void
openssl_begin(void)
{
	static const RAND_METHOD method = {.bytes = draw, .pseudorand = draw, .status = is_seeded};

	chance = chance_fork(world_chance(), GENERATOR);
	RAND_set_rand_method(&method);
}

struct chance *
openssl_chance(void)
{
	return &chance;
}

/* In place of the C library's, which OpenSSL would call: a ticket has the time in it. */
time_t
time(time_t *now)
{
	time_t seconds = (time_t)(world_unix_ns() / SECOND);

	if (now)
		*now = seconds;
	return seconds;
}

int
gettimeofday(struct timeval *now, void *zone)
{
	int64_t ns = world_unix_ns();

	(void)zone;
	*now = (struct timeval){ns / SECOND, ns % SECOND / MICROSECOND};
	return 0;
}

/* ---- what a process owns ---- */

static void
release_context(void *context)
{
	SSL_CTX_free(context);
}

static void
release_session(void *ssl)
{
	SSL_free(ssl);
}

static void
release_method(void *method)
{
	BIO_meth_free(method);
}

SSL_CTX *
sim_SSL_CTX_new(const SSL_METHOD *method)
{
	SSL_CTX *context = SSL_CTX_new(method);

	memory_adopt(context, release_context);
	return context;
}

SSL *
sim_SSL_new(SSL_CTX *context)
{
	SSL *ssl = SSL_new(context);

	memory_adopt(ssl, release_session);
	return ssl;
}

BIO_METHOD *
sim_BIO_meth_new(int type, const char *name)
{
	BIO_METHOD *method = BIO_meth_new(type, name);

	memory_adopt(method, release_method);
	return method;
}

void
sim_SSL_CTX_free(SSL_CTX *context)
{
	memory_release(context);
}

void
sim_SSL_free(SSL *ssl)
{
	memory_release(ssl);
}

void
sim_BIO_meth_free(BIO_METHOD *method)
{
	memory_release(method);
}

/* ---- what may call the system ---- */

/* OpenSSL has one list of errors for a real thread, so others run only after its calls. */

int
sim_SSL_read_ex(SSL *ssl, void *bytes, size_t size, size_t *got)
{
	bool shakes_hands = !SSL_is_init_finished(ssl);
	int result;

	task_undivided(true);
	result = SSL_read_ex(ssl, bytes, size, got);
	task_undivided(false);
	if (shakes_hands)
		task_compute(chance_scale(&chance, HANDSHAKE_NS));
	return result;
}

int
sim_SSL_write_ex(SSL *ssl, const void *bytes, size_t len, size_t *sent)
{
	int result;

	task_undivided(true);
	result = SSL_write_ex(ssl, bytes, len, sent);
	task_undivided(false);
	return result;
}

int
sim_SSL_shutdown(SSL *ssl)
{
	int result;

	task_undivided(true);
	result = SSL_shutdown(ssl);
	task_undivided(false);
	return result;
}

/* ---- files ---- */

/* Opens a real file with the bytes of one of the simulated disk, and writes its path. Without one,
 * writes a path of no file, and returns -1. */
static int
open_real(const char *path, char real[32])
{
	size_t len;
	const char *bytes = disk_bytes(path, &len);
	int fd = bytes ? memfd_create("simulated", MFD_CLOEXEC) : -1;

	snprintf(real, 32, "/proc/self/fd/%d", fd);
	if (fd >= 0 && write(fd, bytes, len) != (ssize_t)len)
		abort();
	return fd;
}

static void
close_real(int fd)
{
	if (fd >= 0)
		close(fd);
}

int
sim_SSL_CTX_use_certificate_chain_file(SSL_CTX *context, const char *path)
{
	char real[32];
	int fd = open_real(path, real), result = SSL_CTX_use_certificate_chain_file(context, real);

	close_real(fd);
	return result;
}

int
sim_SSL_CTX_load_verify_file(SSL_CTX *context, const char *path)
{
	char real[32];
	int fd = open_real(path, real), result = SSL_CTX_load_verify_file(context, real);

	close_real(fd);
	return result;
}

STACK_OF(X509_NAME) * sim_SSL_load_client_CA_file(const char *path)
{
	char real[32];
	int fd = open_real(path, real);
	STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(real);

	close_real(fd);
	return names;
}

int
sim_SSL_CTX_use_PrivateKey_file(SSL_CTX *context, const char *path, int type)
{
	char real[32];
	int fd = open_real(path, real), result = SSL_CTX_use_PrivateKey_file(context, real, type);

	close_real(fd);
	return result;
}
