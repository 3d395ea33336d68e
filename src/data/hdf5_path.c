#include "data/hdf5_path.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/hdf5_errors.h"
#include "data/hdf5_links.h"

/** The first names of a group. */
typedef struct name_list {
  char text[256];
  int count;
} name_list;

static herr_t add_name(hid_t group, const char *name, const H5L_info_t *info, void *data) {
  (void)group;
  (void)info;
  name_list *list = data;
  char buffer[WL_SHOWN_SIZE];
  const size_t used = strlen(list->text);
  if (++list->count > 6 || used > sizeof list->text - WL_SHOWN_SIZE - 8) {
    snprintf(list->text + used, sizeof list->text - used, ", ...");
    return 1;
  }
  snprintf(list->text + used, sizeof list->text - used, "%s%s", used > 0 ? ", " : "",
           wl_source_shown(name, strlen(name), buffer));
  return 0;
}

/** What a group holds, for messages. */
static name_list names_in(hid_t file, const char *group, hid_t access) {
  name_list names = {"", 0};
  H5Literate_by_name(file, group, H5_INDEX_NAME, H5_ITER_INC, NULL, add_name, &names, access);
  if (names.count == 0) strcpy(names.text, "nothing");
  return names;
}

static wl_error absent(const wl_source *source, hid_t file, hid_t access, const char *group) {
  const name_list names = names_in(file, group, access);
  WL_FAIL(WL_ERROR_DATA, "%s: %s has no dataset %s; %s holds %s", source->label, source->path, source->selector,
          group, names.text);
}

/** Walks down the path, since HDF5 can only say whether one link exists. */
static wl_error check_exists(const wl_source *source, hid_t file, hid_t access) {
  const char *selector = source->selector;
  char *part = strdup(selector), *group = strdup("/");
  wl_error error = part == NULL || group == NULL
                       ? wl_error_set(WL_ERROR_MEMORY, "%s: no memory to open it", source->label)
                       : WL_OK;
  size_t end = strspn(selector, "/");
  while (error == WL_OK && selector[end] != '\0') {
    end += strcspn(selector + end, "/");
    strcpy(part, selector);
    part[end] = '\0';
    if (H5Lexists(file, part, access) <= 0) {
      error = absent(source, file, access, group);
      break;
    }
    char *swap = strdup(part);
    if (swap == NULL) error = wl_error_set(WL_ERROR_MEMORY, "%s: no memory to open it", source->label);
    free(group);
    group = swap;
    end += strspn(selector + end, "/");
  }
  free(part);
  free(group);
  return error;
}

/** Of a link that is there to an object that is not, or cannot be opened. */
static wl_error not_there(const wl_source *source, hid_t file, hid_t access) {
  H5L_info_t info;
  char value[1024] = "";
  const char *path = NULL, *object = NULL;
  const bool link = H5Lget_info(file, source->selector, &info, access) >= 0 && info.type != H5L_TYPE_HARD &&
                    info.u.val_size < sizeof value &&
                    H5Lget_val(file, source->selector, value, sizeof value, access) >= 0;
  if (link && info.type == H5L_TYPE_SOFT)
    WL_FAIL(WL_ERROR_DATA, "%s: is a link to %s, which is not there", source->label, value);
  if (link && H5Lunpack_elink_val(value, info.u.val_size, NULL, &path, &object) >= 0)
    WL_FAIL(WL_ERROR_DATA, "%s: is a link to %s in the file %s, which is %s", source->label, object, path,
            wl_hdf5_link_leads_to_no_file(source->path, path) ? "not a regular file" : "not there");
  WL_FAIL(WL_ERROR_DATA, "%s: cannot be opened", source->label);
}

static wl_error is_group(const wl_source *source, hid_t file, hid_t access) {
  const name_list names = names_in(file, source->selector, access);
  WL_FAIL(WL_ERROR_DATA, "%s: is a group, not a dataset; it holds %s", source->label, names.text);
}

wl_error wl_hdf5_open_dataset(const wl_source *source, hid_t file, hid_t access, hid_t *dataset) {
  char reason[WL_HDF5_REASON];
  *dataset = H5I_INVALID_HID;
  WL_TRY(check_exists(source, file, access));
  const hid_t object = H5Oopen(file, source->selector, access);
  const H5I_type_t kind = object >= 0 ? H5Iget_type(object) : H5I_BADID;
  if (object >= 0) H5Oclose(object);
  if (kind == H5I_GROUP) return is_group(source, file, access);
  if (object < 0) return not_there(source, file, access);
  if (kind != H5I_DATASET) WL_FAIL(WL_ERROR_DATA, "%s: is a type, not a dataset", source->label);
  *dataset = H5Dopen2(file, source->selector, access);
  if (*dataset >= 0) return WL_OK;
  WL_FAIL(WL_ERROR_DATA, "%s: cannot be opened by HDF5: %s", source->label, wl_hdf5_reason(reason));
}
