// A map from u32 to pointer by a tree of 64-way nodes, for page caches: compact for dense indexes, short for small
// ones.
#pragma once

#include "base/types.hpp"
#include "lib/errno.hpp"

namespace ido {
using namespace base;

class RadixTree {
 public:
  constexpr RadixTree() = default;
  RadixTree(const RadixTree&) = delete;
  ~RadixTree() { clear(); }

  void* find(u32 index) const;
  // Errno::kNoMem, or kExist when the index is taken. value: not nullptr.
  Or<> insert(u32 index, void* value);
  // Puts `value` in the place of what is there (which must be something).
  void replace(u32 index, void* value);
  void* remove(u32 index);  // what was there, or nullptr
  // The first entry at or after `index`; sets index. nullptr when there is none.
  void* next(u32& index) const;
  void clear();  // forgets all entries

 private:
  static constexpr u32 kBits = 6;
  static constexpr u32 kSlots = 1u << kBits;
  struct Node {
    void* slots[kSlots];
    u32 used;
  };
  static u64 reach(u32 height) { return u64{1} << (height * kBits); }
  static void free_node(Node* node, u32 height);
  static void* next_in(const Node* node, u32 height, u64 base, u64& index);
  void** slot(u32 index) const;

  Node* root_ = nullptr;
  u32 height_ = 0;  // levels of nodes
};

}  // namespace ido
