/* The certificates and keys of the simulated server, and the authority of its clients. All are for
 * localhost, and valid for a century. */
#include "simulation/certificate.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "simulation/kernel.h"

static const char *const certificates[CERTIFICATES] = {
	"-----BEGIN CERTIFICATE-----\n"
	"MIIBXjCCAQSgAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhv\n"
	"c3QwIBcNMDAwMTAxMDAwMDAwWhgPMjA5OTEyMzEyMzU5NTlaMBQxEjAQBgNVBAMM\n"
	"CWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABOdLwFtu9B3Ar5kv\n"
	"pYNS4/fsy+Ky9AKC7RHTRX6kCMuyrgql5gkbIfmabOXoQNs8sgLuYWnuoHpSBqpk\n"
	"VmPcIbujRTBDMCIGA1UdEQQbMBmCCWxvY2FsaG9zdIIMY2hhdC5leGFtcGxlMB0G\n"
	"A1UdDgQWBBRQqxBmjGMv/EoM2cjMWMrzlTNmnDAKBggqhkjOPQQDAgNIADBFAiBw\n"
	"7nbjEOCqJSu5s3KstmLq9btpoWeVTN2NXtDO6586vAIhAOVJvOtmY1iShY7Wh2RD\n"
	"eC16A2nFoZojbcHz7zxvOHBo\n"
	"-----END CERTIFICATE-----\n",
	"-----BEGIN CERTIFICATE-----\n"
	"MIIBHTCB0KADAgECAgEBMAUGAytlcDAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwIBcN\n"
	"MDAwMTAxMDAwMDAwWhgPMjA5OTEyMzEyMzU5NTlaMBQxEjAQBgNVBAMMCWxvY2Fs\n"
	"aG9zdDAqMAUGAytlcAMhAADtNjFPwMP6Y1lA76RvN3QXtnLOaM6aPYx6on7ZG61V\n"
	"o0UwQzAiBgNVHREEGzAZgglsb2NhbGhvc3SCDGNoYXQuZXhhbXBsZTAdBgNVHQ4E\n"
	"FgQUSmcQ+P8dWxV3VtRil1fuDLqizSAwBQYDK2VwA0EA5/2F3piBKd9ohdwCopfk\n"
	"8BC2t6Ck8czemRsSL1e2eKP/rAZ04vXKGqVXD/lBlkYd7gSTFiyx+LJXpbAi5vKO\n"
	"Aw==\n"
	"-----END CERTIFICATE-----\n",
};

static const char *const keys[CERTIFICATES] = {
	"-----BEGIN PRIVATE KEY-----\n"
	"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgD5KrPeHYyzTMtOWl\n"
	"wmj1G4kjU+XgpWUGk8DPIV5hAF2hRANCAATnS8BbbvQdwK+ZL6WDUuP37MvisvQC\n"
	"gu0R00V+pAjLsq4KpeYJGyH5mmzl6EDbPLIC7mFp7qB6UgaqZFZj3CG7\n"
	"-----END PRIVATE KEY-----\n",
	"-----BEGIN PRIVATE KEY-----\n"
	"MC4CAQAwBQYDK2VwBCIEIPdgj5bd6k3TCzFimsvIT1BBONdbOOXTDlbuSkWj9SZX\n"
	"-----END PRIVATE KEY-----\n",
};

/* The key of the first certificate, locked by a password. */
static const char locked_key[] =
	"-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
	"MIHrMFYGCSqGSIb3DQEFDTBJMCgGCSqGSIb3DQEFDDAbBAiNAMa++iShKQIBATAM\n"
	"BggqhkiG9w0CCQUAMB0GCWCGSAFlAwQBAgQQvj3YEiBQ3nle72Cw/y/L5gSBkDbi\n"
	"CPJTcuv9jvsQufvv74xJTlCyVSnVrqVs5yXV3cXMoCMKwi0ouKNBnLZ2wl1L+jtt\n"
	"ACptUyRuNb5SYnYz3kQquk9GVi2cI1kmlRYgLW8Rt2cXvRFIcwNCGwxKzFPFlxO+\n"
	"+Hww9oo7INBvoF7qgomVfGiz8bKu9TzBLgTtDfnz0sXl7IcTjqj5RLvrMrMfNg==\n"
	"-----END ENCRYPTED PRIVATE KEY-----\n";

static const char client_ca[] = "-----BEGIN CERTIFICATE-----\n"
				"MIIBCjCBvaADAgECAgECMAUGAytlcDAUMRIwEAYDVQQDDAlzaW11bGF0ZWQwIBcN\n"
				"MDAwMTAxMDAwMDAwWhgPMjA5OTEyMzEyMzU5NTlaMBQxEjAQBgNVBAMMCXNpbXVs\n"
				"YXRlZDAqMAUGAytlcAMhAKeG/FZRkDPd54IBfOiSNnN7+Nkhau1OokQyf6TrUjXn\n"
				"ozIwMDAPBgNVHRMBAf8EBTADAQH/MB0GA1UdDgQWBBSctPu0AFR0mTSWUFkB3J/X\n"
				"EUdOKDAFBgMrZXADQQBDWIEj5N0ziifyw/QrmKDZrVx+/FyJaPFhSl60R8xjXNFk\n"
				"ZAsrWDrPech3bb/JD9xeDJbW2WlZEbdhNPSrAwMH\n"
				"-----END CERTIFICATE-----\n";

static const char client_ca_key[] =
	"-----BEGIN PRIVATE KEY-----\n"
	"MC4CAQAwBQYDK2VwBCIEIHJAP9J1BW9sT7GaO0jLdCpybGIGO40ntrIZG6yVfqEG\n"
	"-----END PRIVATE KEY-----\n";

const char *
certificate_client_ca_pem(void)
{
	return client_ca;
}

const char *
certificate_client_ca_key(void)
{
	return client_ca_key;
}

const char *
certificate_pem(unsigned number)
{
	return certificates[number];
}

static void
append(struct file *file, const char *text, size_t len)
{
	ssize_t count = disk_write_at(file, text, len, file->offset);

	if (count > 0)
		file->offset += count;
}

static struct file *
empty_file(const char *path)
{
	struct file *file;

	if (disk_open(path, O_RDWR | O_CREAT | O_TRUNC, &file) < 0)
		abort();
	return file;
}

/* Cuts the end off, so that a part of the text in PEM is left. */
static void
cut(struct file *file)
{
	disk_truncate(file, file->offset * 2 / 3);
}

static const char *
key_for(enum certificate_state state, unsigned number)
{
	if (state == CERTIFICATE_MISMATCHES)
		return keys[(number + 1) % CERTIFICATES];
	return state == CERTIFICATE_LOCKED ? locked_key : keys[number];
}

void
certificate_write(unsigned number, enum certificate_state state)
{
	struct file *file = empty_file(CERTIFICATE_FILE), *key_file = empty_file(KEY_FILE);
	struct file *ca_file = empty_file(CLIENT_CA_FILE);
	const char *pem = certificates[number], *key = key_for(state, number);

	append(file, pem, strlen(pem));
	if (state == CERTIFICATE_CUT)
		cut(file);
	append(file, key, strlen(key));
	append(key_file, key, strlen(key));
	append(ca_file, client_ca, strlen(client_ca));
	if (state == CERTIFICATE_KEY_CUT) {
		cut(file);
		cut(key_file);
	}
	if (state == CERTIFICATE_CA_CUT)
		cut(ca_file);
	file_unref(file);
	file_unref(key_file);
	file_unref(ca_file);
	if (state == CERTIFICATE_MISSING)
		disk_remove(NULL, CERTIFICATE_FILE);
}
