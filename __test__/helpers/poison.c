/*
 * An addon for the self-check of scripts/asan.js. `poison(typedArray)` makes
 * AddressSanitizer report any access to the array's memory. It declares the N-API
 * functions itself, so that it builds without Node's headers.
 */

#include <stdbool.h>
#include <stddef.h>

typedef struct napi_env__ *napi_env;
typedef struct napi_value__ *napi_value;
typedef struct napi_callback_info__ *napi_callback_info;
typedef napi_value (*napi_callback)(napi_env, napi_callback_info);

extern int napi_get_cb_info(napi_env, napi_callback_info, size_t *, napi_value *,
                            napi_value *, void **);
extern int napi_get_typedarray_info(napi_env, napi_value, int *, size_t *, void **,
                                    napi_value *, size_t *);
extern int napi_create_function(napi_env, const char *, size_t, napi_callback,
                                void *, napi_value *);
extern int napi_set_named_property(napi_env, napi_value, const char *, napi_value);
extern void __asan_poison_memory_region(void const volatile *, size_t);

static napi_value poison(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value array = NULL;
  napi_get_cb_info(env, info, &count, &array, NULL, NULL);
  int kind = 0;
  size_t length = 0;
  void *data = NULL;
  if (napi_get_typedarray_info(env, array, &kind, &length, &data, NULL, NULL) == 0) {
    __asan_poison_memory_region(data, length);
  }
  return NULL;
}

__attribute__((visibility("default"))) napi_value
napi_register_module_v1(napi_env env, napi_value exports) {
  napi_value function = NULL;
  napi_create_function(env, "poison", 6, poison, NULL, &function);
  napi_set_named_property(env, exports, "poison", function);
  return exports;
}
