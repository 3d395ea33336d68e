/**
 * @file export.h
 * WL_API marks what libwidelimit exports. All else is hidden in the shared library.
 */
#ifndef WIDELIMIT_EXPORT_H
#define WIDELIMIT_EXPORT_H

#if defined(__GNUC__)
#define WL_API __attribute__((visibility("default")))
#define WL_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define WL_API
#define WL_PRINTF(text, first)
#endif

#endif
