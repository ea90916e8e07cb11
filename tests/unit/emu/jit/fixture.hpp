// What tests of the translator start from: a cache, a translator of a test's machine, what it tells of itself.
#pragma once

#include <catch2/catch.hpp>
#include <memory>

#include "../resident.hpp"
#include "jit/translator.hpp"

namespace paemu::testing {

inline std::unique_ptr<CodeCache> cache_of(u64 size) {
  auto cache = CodeCache::create(size);
  REQUIRE(cache.ok());
  return std::move(*cache);
}

inline std::unique_ptr<CodeCache> small_cache() { return cache_of(CodeCache::kSmallest); }

// M: has a `cpu`. Each block is translated when it is first executed.
template <class M>
std::unique_ptr<Translator> translator_of(M& m, u32 window_after = TranslatorTuning{}.window_after) {
  return std::make_unique<Translator>(m.cpu, small_cache(), TranslatorTuning{.hot = 0, .window_after = window_after});
}

inline TranslatorInfo info_of(const Translator& translator, u32 hottest = 0) {
  TranslatorInfo info;
  REQUIRE(translator.add_translator_info(info, hottest));
  return info;
}

}  // namespace paemu::testing
