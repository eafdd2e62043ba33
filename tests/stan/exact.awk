# SPDX-License-Identifier: BSD-3-Clause
# Eight schools exactly: given mu and tau the effects are normal, y_j ~ N(mu, sigma_j^2 + tau^2), and what is left is an
# integral over mu and log tau, by the midpoint rule. Prints NAME MEAN SD, and log Z of the program as it stands: its
# half-Cauchy prior is a Cauchy density on tau > 0, which integrates to 1/2.
BEGIN {
    split("28 8 -3 7 -1 1 18 12", y)
    split("15 10 16 11 9 11 10 18", sigma)
    pi = 3.14159265358979323846
    rows = 400
    columns = 240
    low = -12
    high = 8
    for (i = 0; i < rows; i++) {
        tau = exp(low + (high - low) * (i + .5) / rows)
        for (k = 0; k < columns; k++) {
            mu = -30 + 70 * (k + .5) / columns
            lp = -mu * mu / 50 - log(1 + tau * tau / 25) + log(tau)
            for (j = 1; j <= 8; j++) {
                v = sigma[j] * sigma[j] + tau * tau
                lp -= log(v) / 2 + (y[j] - mu) ^ 2 / (2 * v)
            }
            w = exp(lp + 30)
            shrink = tau * tau / (tau * tau + sigma[1] * sigma[1])
            theta = mu + shrink * (y[1] - mu)
            Z += w
            add("mu", mu, 0)
            add("tau", tau, 0)
            add("theta.1", theta, shrink * sigma[1] * sigma[1])
        }
    }
    for (name in sum)
        printf "%s %.5f %.5f\n", name, sum[name] / Z, sqrt(square[name] / Z - (sum[name] / Z) ^ 2)
    cell = (high - low) / rows * 70 / columns
    printf "log_z %.5f 0\n", log(Z * cell) - 30 - log(pi * 5) - log(2 * pi * 25) / 2 - 4 * log(2 * pi)
}
function add(name, value, variance) {
    sum[name] += w * value
    square[name] += w * (value * value + variance)
}
