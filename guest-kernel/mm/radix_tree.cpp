#include "mm/radix_tree.hpp"

#include "mm/kmalloc.hpp"

namespace ido {

void** RadixTree::slot(u32 index) const {
  if (root_ == nullptr || index >= reach(height_)) return nullptr;
  Node* node = root_;
  for (u32 level = height_ - 1; level > 0; --level) {
    node = static_cast<Node*>(node->slots[(index >> (level * kBits)) % kSlots]);
    if (node == nullptr) return nullptr;
  }
  return &node->slots[index % kSlots];
}

void* RadixTree::find(u32 index) const {
  void** s = slot(index);
  return s == nullptr ? nullptr : *s;
}

Or<> RadixTree::insert(u32 index, void* value) {
  if (find(index) != nullptr) return fail(Errno::kExist);
  while (root_ == nullptr || index >= reach(height_)) {
    Node* node = static_cast<Node*>(kzalloc(sizeof(Node), "page cache index"));
    if (node == nullptr) return fail(Errno::kNoMem);
    if (root_ != nullptr) {
      node->slots[0] = root_;
      node->used = 1;
    }
    root_ = node;
    ++height_;
  }
  // A path made in part stays on failure: empty nodes are found again, and clear() frees them.
  Node* node = root_;
  for (u32 level = height_ - 1; level > 0; --level) {
    void*& next = node->slots[(index >> (level * kBits)) % kSlots];
    if (next == nullptr) {
      next = kzalloc(sizeof(Node), "page cache index");
      if (next == nullptr) return fail(Errno::kNoMem);
      ++node->used;
    }
    node = static_cast<Node*>(next);
  }
  node->slots[index % kSlots] = value;
  ++node->used;
  return {};
}

void RadixTree::replace(u32 index, void* value) { *slot(index) = value; }

void* RadixTree::remove(u32 index) {
  void* const old = find(index);
  if (old == nullptr) return nullptr;
  Node* path[6];
  Node* node = root_;
  for (u32 level = height_; level-- > 0;) {
    path[level] = node;
    if (level > 0) node = static_cast<Node*>(node->slots[(index >> (level * kBits)) % kSlots]);
  }
  for (u32 level = 0; level < height_; ++level) {
    path[level]->slots[(index >> (level * kBits)) % kSlots] = nullptr;
    if (--path[level]->used > 0) return old;
    kfree(path[level]);
  }
  root_ = nullptr;
  height_ = 0;
  return old;
}

void* RadixTree::next_in(const Node* node, u32 height, u64 base, u64& index) {
  const u64 step = reach(height - 1);
  for (u32 i = index <= base ? 0 : static_cast<u32>((index - base) / step); i < kSlots; ++i) {
    void* entry = node->slots[i];
    const u64 first = base + i * step;
    if (entry == nullptr) continue;
    if (height == 1) {
      index = first;
      return entry;
    }
    if (void* found = next_in(static_cast<Node*>(entry), height - 1, first, index)) return found;
  }
  return nullptr;
}

void* RadixTree::next(u32& index) const {
  if (root_ == nullptr || index >= reach(height_)) return nullptr;
  u64 at = index;
  void* found = next_in(root_, height_, 0, at);
  if (found != nullptr) index = static_cast<u32>(at);
  return found;
}

void RadixTree::free_node(Node* node, u32 height) {
  for (u32 i = 0; height > 1 && i < kSlots; ++i) {
    if (node->slots[i] != nullptr) free_node(static_cast<Node*>(node->slots[i]), height - 1);
  }
  kfree(node);
}

void RadixTree::clear() {
  if (root_ != nullptr) free_node(root_, height_);
  root_ = nullptr;
  height_ = 0;
}

}  // namespace ido
