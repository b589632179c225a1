#ifndef LOOPGUARD_CZSTD_SHIM_H
#define LOOPGUARD_CZSTD_SHIM_H

#include <zstd.h>
#include <zstd_errors.h>

#endif
