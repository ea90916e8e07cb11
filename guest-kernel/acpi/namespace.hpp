// The ACPI namespace: a tree of four-letter names (ACPI 5.3).
#pragma once

#include "acpi/object.hpp"

namespace ido::acpi {

// A name segment, as the four bytes that stand in AML.
using Segment = u32;
constexpr Segment segment(const char (&text)[5]) {
  return static_cast<Segment>(static_cast<u8>(text[0])) | static_cast<Segment>(static_cast<u8>(text[1])) << 8 |
         static_cast<Segment>(static_cast<u8>(text[2])) << 16 | static_cast<Segment>(static_cast<u8>(text[3])) << 24;
}

class Node : public RefCounted {
 public:
  Node(Segment name, Node* parent) : name_(name), parent_(parent) {}

  Segment name() const { return name_; }
  Node* parent() const { return parent_; }  // nullptr: the root, or a name that was taken out
  Node* first_child() const { return child_.get(); }
  Node* next() const { return sibling_.get(); }  // next child of the same parent
  Node* child(Segment name) const;
  Node& owner() {  // of the object: another node for an alias
    Node* n = this;
    while (n->alias_) n = n->alias_.get();
    return *n;
  }

  Ref<Object>& object() { return owner().object_; }
  Type type() {
    const Ref<Object>& o = object();
    return o ? o->type() : Type::kUninitialized;
  }

  static constexpr u32 kPathSize = 128;
  // "\_SB.MHPC.MP00", cut to fit. For messages.
  void path(char (&text)[kPathSize]) const;

 private:
  friend class Namespace;
  Segment name_;
  Node* parent_;
  Ref<Node> child_;
  Ref<Node> sibling_;
  Ref<Node> alias_;  // Alias: another node's object
  Ref<Object> object_;
};

// A name as it stands in AML: how far up to go, then segments.
struct NamePath {
  static constexpr u32 kMaxSegments = 32;
  bool from_root = false;
  u32 parents = 0;  // '^' prefixes
  u32 count = 0;
  const u8* segments = nullptr;  // 4 bytes each, in the table
  Segment at(u32 i) const;
};

class Namespace {
 public:
  // Makes the root with its predefined scopes. False: no memory.
  bool init();
  Node& root() { return *root_; }

  // nullptr when there is no such name. A single segment without prefix is also looked for in the scopes above (5.3).
  Node* find(Node& scope, const NamePath& path);
  // Finds or makes the last segment; its parent must exist: nullptr otherwise, or without memory.
  Node* make(Node& scope, const NamePath& path);
  // False when that would make a circle.
  bool make_alias(Node& node, Node& target);
  // Takes a node and what is below it out. Those who hold references keep them.
  void remove(Node& node);

  // By text: "\\_SB.MHPC", "_STA" (relative to scope, without search upward).
  Node* find(Node& scope, const char* path);
  Node* find(const char* path) { return find(root(), path); }

  // The next node in a walk over everything, parents first; nullptr at the end. Start with root().
  Node* next(Node& node);
  u32 count() const { return count_; }

 private:
  Node* child_or_new(Node& parent, Segment name);
  Ref<Node> root_;
  u32 count_ = 0;
};

}  // namespace ido::acpi
