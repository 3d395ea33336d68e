#include "data/hdf5_type.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

/** FALSE is 0 and TRUE is 1 (h5py's booleans), in any case of letters. */
static bool is_boolean(hid_t type) {
  if (H5Tget_nmembers(type) != 2) return false;
  bool good = true;
  for (unsigned i = 0; i < 2; i++) {
    char *name = H5Tget_member_name(type, i);
    const hid_t base = H5Tget_super(type);
    long long value = -1;
    unsigned char bytes[sizeof value];
    const bool fits = base >= 0 && H5Tget_size(base) <= sizeof bytes && H5Tget_member_value(type, i, bytes) >= 0 &&
                      H5Tconvert(base, H5T_NATIVE_LLONG, 1, bytes, NULL, H5P_DEFAULT) >= 0;
    if (fits) memcpy(&value, bytes, sizeof value);
    good = good && fits && name != NULL && strcasecmp(name, value == 1 ? "TRUE" : "FALSE") == 0 && value / 2 == 0;
    if (name != NULL) H5free_memory(name);
    if (base >= 0) H5Tclose(base);
  }
  return good;
}

wl_error wl_hdf5_check_type(const char *label, hid_t dataset) {
  static const struct {
    H5T_class_t class;
    const char *name;
  } names[] = {{H5T_STRING, "string"},
               {H5T_COMPOUND, "compound"},
               {H5T_ENUM, "enumeration (other than FALSE 0, TRUE 1)"},
               {H5T_ARRAY, "array"},
               {H5T_VLEN, "variable length"},
               {H5T_OPAQUE, "opaque"},
               {H5T_BITFIELD, "bit field"},
               {H5T_REFERENCE, "reference"},
               {H5T_TIME, "time"}};
  const hid_t type = H5Dget_type(dataset);
  const H5T_class_t class = type >= 0 ? H5Tget_class(type) : H5T_NO_CLASS;
  const bool good = class == H5T_INTEGER || class == H5T_FLOAT || (class == H5T_ENUM && is_boolean(type));
  if (type >= 0) H5Tclose(type);
  if (good) return WL_OK;
  const char *name = "that this HDF5 does not know";
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (names[i].class == class) name = names[i].name;
  WL_FAIL(WL_ERROR_DATA, "%s: has elements of type %s; integers, floating point numbers or booleans are needed",
          label, name);
}
