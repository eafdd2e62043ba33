/* SPDX-License-Identifier: BSD-3-Clause */
#include "io/draws_name.h"

#include <string.h>

#include "io/draws_netcdf.h"
#include "io/output.h"
#include "io/report.h"

static bool ends_in(const char *path, const char *ending)
{
    size_t length = strlen(path), end = strlen(ending);
    return length > end && strcmp(path + length - end, ending) == 0;
}

rovi_status draws_name_check(const char *path, bool *netcdf, rovi_error *error)
{
    static const char allowed[] = "a name ending in .csv or .nc, or - for stdout";
    *netcdf = path && ends_in(path, ".nc");
    if (!path)
        return report(error, ROVI_BAD_INPUT, "-o: found nothing, allowed: %s", allowed);
    if (*netcdf && !output_is_plain(path))
        return report(error, ROVI_BAD_INPUT, "-o: found \"%.200s\", a device or pipe, allowed for NetCDF: a file",
                      path);
    if (*netcdf)
        return draws_netcdf_available(error);
    if (ends_in(path, ".csv") || strcmp(path, "-") == 0 || strncmp(path, "/dev/", 5) == 0)
        return ROVI_OK;
    return report(error, ROVI_BAD_INPUT, "-o: found \"%.200s\", allowed: %s", path, allowed);
}
