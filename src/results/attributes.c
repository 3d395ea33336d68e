/*
 * Texts of a result file: what it is, and how it came about (/provenance).
 */
#include <string.h>

#include "base/hdf5_errors.h"
#include "results/results_file.h"

herr_t wl_results_write_attribute(hid_t object, const char *name, const char *text) {
  const hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
  H5Tset_size(type, strlen(text) + 1);
  H5Tset_cset(type, H5T_CSET_UTF8);
  const hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  const herr_t status = attribute < 0 ? -1 : H5Awrite(attribute, type, text);
  if (attribute >= 0) H5Aclose(attribute);
  H5Sclose(space);
  H5Tclose(type);
  return status;
}

wl_error wl_results_note(wl_results *r, const char *name, const char *text) {
  WL_HDF5_QUIET;
  const hid_t root = H5Gopen2(r->file, "/", H5P_DEFAULT);
  const herr_t status = root < 0 ? -1 : wl_results_write_attribute(root, name, text);
  if (root >= 0) H5Gclose(root);
  if (status < 0) WL_FAIL(WL_ERROR_IO, "%s/%s: cannot write attribute %s", r->directory, r->name, name);
  return WL_OK;
}

static const char provenance[] = "/provenance", set_aside[] = "/earlier", earlier[] = "/provenance/earlier";

static hid_t open_provenance(const wl_results *r) {
  if (H5Lexists(r->file, provenance, H5P_DEFAULT) > 0) return H5Gopen2(r->file, provenance, H5P_DEFAULT);
  return H5Gcreate2(r->file, provenance, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
}

wl_error wl_results_describe(wl_results *r, const char *name, const char *text) {
  WL_HDF5_QUIET;
  const hid_t group = open_provenance(r), type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
  H5Tset_size(type, H5T_VARIABLE);
  H5Tset_cset(type, H5T_CSET_UTF8);
  const hid_t attribute = group < 0 ? -1 : H5Acreate2(group, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  const herr_t status = attribute < 0 ? -1 : H5Awrite(attribute, type, &text);
  if (attribute >= 0) H5Aclose(attribute);
  if (group >= 0) H5Gclose(group);
  H5Sclose(space);
  H5Tclose(type);
  if (status < 0) WL_FAIL(WL_ERROR_IO, "%s/%s: cannot write %s of /provenance", r->directory, r->name, name);
  return WL_OK;
}

wl_error wl_results_describe_anew(wl_results *r) {
  WL_HDF5_QUIET;
  if (H5Lexists(r->file, provenance, H5P_DEFAULT) <= 0) return WL_OK;
  herr_t status = H5Lmove(r->file, provenance, r->file, set_aside, H5P_DEFAULT, H5P_DEFAULT);
  const hid_t group = status < 0 ? -1 : open_provenance(r);
  if (group >= 0) H5Gclose(group);
  status = group < 0 ? -1 : H5Lmove(r->file, set_aside, r->file, earlier, H5P_DEFAULT, H5P_DEFAULT);
  if (status < 0) WL_FAIL(WL_ERROR_IO, "%s/%s: cannot move /provenance", r->directory, r->name);
  return WL_OK;
}
