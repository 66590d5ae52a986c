/* Loads libcurl. */
#include "wire/curl.h"

#include <dlfcn.h>
#include <string.h>

#include "text/err.h"

#define LIBRARY "libcurl.so.4" /* its ABI since 2006 */

/* Finds a function of the library; *to is a pointer to a function. */
static int
find(void *library, const char *name, void *to, struct chat_err *err)
{
	void *found = dlsym(library, name);

	if (!found)
		return chat_fail(err, CHAT_INTERNAL, LIBRARY " has no %s", name);
	memcpy(to, &found, sizeof(found));
	return 0;
}

#define FIND(name) || find(library, "curl_" #name, &curl->name, err) < 0

int
chat_curl_load(struct chat_curl *curl, struct chat_err *err)
{
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);

	if (!library)
		return chat_fail(err, CHAT_INTERNAL, "libcurl cannot be loaded: %s", dlerror());
	return 0 CHAT_CURL_FUNCTIONS(FIND) ? -1 : 0;
}
