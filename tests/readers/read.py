# SPDX-License-Identifier: BSD-3-Clause
"""Read what `rovi sample` and `rovi langevin` wrote with ArviZ, and with cmdstanpy where it is installed. Usage: read.py FOLDER

The readers must agree with each other to the last bit, and with the means and weights that the fit itself gives (exact,
from its modes) to 4.5 standard errors of 4000 draws of a fixed seed."""

import importlib.util
import json
import pathlib
import sys

import numpy as np

folder = pathlib.Path(sys.argv[1])
fit = json.loads((folder / "result.json").read_text())
modes = fit["modes"]
weight = np.array([mode["weight"] for mode in modes])
mean = weight @ np.array([mode["mean"] for mode in modes])


def read_table(name):
    lines = [line for line in (folder / name).read_text().splitlines() if not line.startswith("#")]
    assert lines[0] == "lp_approx__,lp__,x.1,x.2" and len(lines) == 4001
    return np.loadtxt(lines[1:], delimiter=",")


draws = read_table("draws.csv")
n = len(draws)
x = draws[:, 2:]


def close(estimate, truth, sd):
    assert np.all(np.abs(estimate - truth) < 4.5 * sd / np.sqrt(n)), (estimate, truth)


assert abs(fit["modes_listed_weight"] - 1) < 1e-12 and len(modes) == 2
close(x.mean(axis=0), mean, x.std(axis=0))


def read_netcdf():
    import arviz

    data = arviz.from_netcdf(folder / "draws.nc")
    posterior, stats = data["posterior"], data["sample_stats"]
    assert posterior["x"].dims == ("chain", "draw", "x_dim_0") and posterior["x"].shape == (1, n, 2)
    assert np.array_equal(posterior["x"].values[0], x)
    assert np.array_equal(stats["lp"].values[0], draws[:, 1])
    assert np.array_equal(stats["log_q"].values[0], draws[:, 0])
    assert np.array_equal(stats["log_weight"].values[0], draws[:, 1] - draws[:, 0])
    share = np.bincount(stats["mode"].values[0], minlength=2) / n
    close(share, weight, np.sqrt(weight * (1 - weight)))
    assert posterior.attrs["inference_library"] == "rovi"
    assert abs(posterior.attrs["fit_elbo"] - fit["elbo"]["value"]) < 1e-15
    summary = arviz.summary(data)
    assert list(summary.index) == ["x[0]", "x[1]"]
    assert np.allclose(summary["mean"].astype(float), x.mean(axis=0), atol=0.051)  # which ArviZ rounds
    print(f"arviz {arviz.__version__}: draws.nc as it should be")


def read_chains():
    """Restarts of mean-field VI keep one mode each and disagree, those of a rotation agree: rhat tells."""
    import arviz

    rhat = {}
    for name in ("apart", "agreed"):
        data = arviz.from_netcdf(folder / f"{name}.nc")
        assert data["posterior"]["x"].shape == (8, 1000, 2)
        rhat[name] = arviz.rhat(data["posterior"])["x"].values
    assert np.all(rhat["apart"] > 1.5) and np.all(rhat["agreed"] < 1.02), rhat
    print(f"arviz {arviz.__version__}: rhat {rhat['apart'].max():.2f} of restarts apart, {rhat['agreed'].max():.3f} of those agreed")


def read_langevin():
    import arviz

    table = read_table("langevin.csv")
    data = arviz.from_netcdf(folder / "langevin.nc")
    assert np.array_equal(data["posterior"]["x"].values[0], table[:, 2:])
    assert np.array_equal(data["sample_stats"]["lp"].values[0], table[:, 1])
    assert list(data["sample_stats"].data_vars) == ["lp"] and np.all(np.isnan(table[:, 0]))
    assert data["posterior"].attrs["method"] == "langevin" and "fit_elbo" not in data["posterior"].attrs
    print(f"arviz {arviz.__version__}: langevin.nc as it should be")


def read_csv():
    import cmdstanpy

    result = cmdstanpy.from_csv(str(folder / "advi.csv"))
    assert result.column_names == ("lp__", "log_p__", "log_g__", "x[1]", "x[2]")
    assert np.array_equal(result.stan_variable("x", mean=False), x)
    assert np.allclose(result.stan_variable("x", mean=True), mean, rtol=0, atol=1e-9)
    assert result.eta == 1
    print(f"cmdstanpy {cmdstanpy.__version__}: advi.csv as it should be")


if (folder / "draws.nc").exists():
    read_netcdf()
    read_chains()
    read_langevin()
if importlib.util.find_spec("cmdstanpy"):
    read_csv()
