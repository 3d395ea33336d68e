#include "widelimit/quantity.h"

static const struct {
  const char *name, *text;
} quantities[WL_QUANTITY_COUNT] = {
#define WL_QUANTITY_ENTRY(NAME, name, text) [WL_QUANTITY_##NAME] = {#name, text},
    WL_QUANTITY_LIST(WL_QUANTITY_ENTRY)
#undef WL_QUANTITY_ENTRY
};

const char *wl_quantity_name(wl_quantity quantity) { return quantities[quantity].name; }

const char *wl_quantity_text(wl_quantity quantity) { return quantities[quantity].text; }
