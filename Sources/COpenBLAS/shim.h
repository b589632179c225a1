// Matrix products for the embedded engine's transformer.
#include <cblas.h>
