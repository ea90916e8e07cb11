// The video parameter table.
#pragma once

#include "vgabios/modes.hpp"

namespace vgabios {

enum ParameterSet : u8 {
  kText40,
  kText80,
  kText40Lines350,
  kText80Lines350,
  kText40Lines200,
  kText80Lines200,
  kMonoText,
  kCga4,
  kCga2,
  kPlanar320x200,
  kPlanar640x200,
  kMono640x350,
  kPlanar640x350,
  kMono640x480,
  kPlanar640x480,
  kChain320x200,
  kParameterSets,
};

extern "C" const Parameters kParameters[];  // by its plain name to entry.S

}  // namespace vgabios
