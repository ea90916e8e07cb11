// Row "x87". Compiled for a processor without SSE.
#include "guest_nbody.hpp"

namespace rows {
namespace {
Bodies<double> bodies;
Bodies<long double> long_bodies;
}  // namespace

u32 x87_round() { return static_cast<u32>(1000 * (bodies.run(1000) + static_cast<double>(long_bodies.run(1000)))); }

}  // namespace rows
