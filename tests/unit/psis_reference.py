#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Prints psis_reference.h: what ArviZ's psislw makes of weights that C can make again. Needs arviz < 1."""
import numpy as np
import arviz

CASES = [(60, 0.3, 0.0), (200, 0.5, 0.0), (1000, 0.2, 0.0), (1000, 1.1, 3.0), (4000, 0.7, -700.0), (4000, -0.4, 0.0)]

print("/* SPDX-License-Identifier: BSD-3-Clause */")
print(f"/* Made by psis_reference.py with ArviZ {arviz.__version__}. */")
print("static const struct reference {\n    size_t n;\n    double shape, level, k_hat;")
print("    double smoothed[4]; /* normalised log weights: of the largest, of items 0, n/2 and n - 1 */\n} reference[] = {")
for n, shape, level in CASES:
    u = np.mod((np.arange(n) + 1.0) * 0.6180339887498949, 1.0)
    log_weight = level - shape * np.log1p(-u)
    smoothed, k = arviz.psislw(log_weight.copy())
    top = int(np.argmax(log_weight))
    picked = ", ".join(repr(float(smoothed[i])) for i in (top, 0, n // 2, n - 1))
    print(f"    {{{n}, {shape}, {level}, {float(k)!r}, {{{picked}}}}},")
print("};")
