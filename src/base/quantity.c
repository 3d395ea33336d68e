#include "widelimit/quantity.h"

#include <stdbool.h>

static const struct {
  const char *name, *text;
} quantities[WL_QUANTITY_COUNT] = {
#define WL_QUANTITY_ENTRY(NAME, name, text) [WL_QUANTITY_##NAME] = {#name, text},
    WL_QUANTITY_LIST(WL_QUANTITY_ENTRY)
#undef WL_QUANTITY_ENTRY
};

static bool is_one(wl_quantity quantity) { return (unsigned)quantity < WL_QUANTITY_COUNT; }

const char *wl_quantity_name(wl_quantity quantity) {
  return is_one(quantity) ? quantities[quantity].name : "unknown";
}

const char *wl_quantity_text(wl_quantity quantity) {
  return is_one(quantity) ? quantities[quantity].text : "unknown";
}
