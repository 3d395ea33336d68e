/**
 * @file function.h
 * What an activation of a network is to the recursion: outer φ(inner z + shift), with φ one of those that have a kernel
 * (activation.h). Everything is Local.
 */
#ifndef WIDELIMIT_KERNEL_FUNCTION_H
#define WIDELIMIT_KERNEL_FUNCTION_H

#include "kernel/activation.h"

typedef struct wl_function {
  const wl_activation_entry *entry; /**< the kernel of φ; static */
  wl_activation activation;         /**< and slope, of the model */
  double slope;
  wl_shape shape;
  double inner, outer; /**< above 0: signs change no kernel */
} wl_function;

/** φ by its name. */
wl_function wl_function_plain(wl_activation activation, double slope);

/** That of a layer of a list which is an activation. */
wl_function wl_function_of(const wl_layer *layer);

/** With a dense layer behind it whose part in Θ is κ, as in NTK parametrization. */
wl_function wl_function_with_kappa(const wl_function *f, double sigma_b);

/**
 * With a dense layer in standard parametrization behind it, whose part in Θ is N κ_in, + 1 with biases, of what is σ_w² κ_in
 * without; N units.
 */
wl_function wl_function_with_units(const wl_function *f, double units, double sigma_w, double sigma_b);

#endif
