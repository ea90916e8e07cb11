#include "acpi/namespace.hpp"

namespace ido::acpi {

namespace {

constexpr u32 kMaxNodes = 20'000;  // a machine of 256 slots has about 2,200
constexpr u32 kMaxDepth = 24;

Segment load_segment(const u8* p) {
  return static_cast<Segment>(p[0]) | static_cast<Segment>(p[1]) << 8 | static_cast<Segment>(p[2]) << 16 |
         static_cast<Segment>(p[3]) << 24;
}

}  // namespace

Segment NamePath::at(u32 i) const { return load_segment(segments + 4 * i); }

Node* Node::child(Segment name) const {
  for (Node* n = first_child(); n != nullptr; n = n->next()) {
    if (n->name() == name) return n;
  }
  return nullptr;
}

void Node::path(char (&text)[kPathSize]) const {
  const Node* chain[24];
  u32 depth = 0;
  for (const Node* n = this; n->parent() != nullptr && depth < 24; n = n->parent()) chain[depth++] = n;
  u32 at = 0;
  text[at++] = '\\';
  while (depth > 0 && at + 6 < kPathSize) {
    const Segment name = chain[--depth]->name();
    u32 length = 4;
    while (length > 1 && static_cast<char>(name >> (8 * (length - 1))) == '_') --length;  // "_SB_" reads "_SB"
    for (u32 i = 0; i < length; ++i) text[at++] = static_cast<char>(name >> (8 * i));
    if (depth > 0) text[at++] = '.';
  }
  text[at] = '\0';
}

bool Namespace::init() {
  root_ = new (std::nothrow) Node(segment("\\___"), nullptr);
  if (!root_) return false;
  for (Segment name : {segment("_SB_"), segment("_GPE"), segment("_PR_"), segment("_SI_"), segment("_TZ_")}) {
    Node* node = child_or_new(*root_, name);
    if (node == nullptr) return false;
    node->object() = new (std::nothrow) Object(Type::kScope);
  }
  return true;
}

Node* Namespace::find(Node& scope, const NamePath& path) {
  Node* at = path.from_root ? root_.get() : &scope;
  for (u32 i = 0; i < path.parents; ++i) {
    if (at->parent() == nullptr) return nullptr;
    at = at->parent();
  }
  if (!path.from_root && path.parents == 0 && path.count == 1) {
    for (; at != nullptr; at = at->parent()) {
      if (Node* found = at->child(path.at(0))) return found;
    }
    return nullptr;
  }
  for (u32 i = 0; i < path.count && at != nullptr; ++i) at = at->child(path.at(i));
  return at;
}

Node* Namespace::make(Node& scope, const NamePath& path) {
  Node* at = path.from_root ? root_.get() : &scope;
  for (u32 i = 0; i < path.parents; ++i) {
    if (at->parent() == nullptr) return nullptr;
    at = at->parent();
  }
  if (path.count == 0) return at;
  for (u32 i = 0; i + 1 < path.count && at != nullptr; ++i) at = at->child(path.at(i));
  return at != nullptr ? child_or_new(*at, path.at(path.count - 1)) : nullptr;
}

bool Namespace::make_alias(Node& node, Node& target) {
  if (&target.owner() == &node) return false;
  node.alias_ = &target.owner();
  return true;
}

Node* Namespace::child_or_new(Node& parent, Segment name) {
  if (Node* found = parent.child(name)) return found;
  u32 depth = 0;
  for (const Node* n = &parent; n != nullptr; n = n->parent()) ++depth;
  if (count_ >= kMaxNodes || depth > kMaxDepth) return nullptr;
  auto* node = new (std::nothrow) Node(name, &parent);
  if (node == nullptr) return nullptr;
  ++count_;
  Ref<Node>* end = &parent.child_;
  while (*end) end = &(*end)->sibling_;
  *end = node;
  return node;
}

void Namespace::remove(Node& node) {
  if (node.parent_ == nullptr) return;
  const Ref<Node> keep(&node);
  while (node.child_) remove(*node.child_);
  Ref<Node>* link = &node.parent_->child_;
  while (*link && link->get() != &node) link = &(*link)->sibling_;
  if (*link) *link = node.sibling_;
  node.sibling_ = nullptr;
  node.parent_ = nullptr;
  --count_;
  // What may refer back to the node would keep both for ever.
  if (as_reference(node.object_) != nullptr || as_package(node.object_) != nullptr) node.object_ = nullptr;
}

Node* Namespace::find(Node& scope, const char* path) {
  Node* at = &scope;
  if (*path == '\\') {
    at = root_.get();
    ++path;
  }
  while (*path != '\0' && at != nullptr) {
    u8 name[4] = {'_', '_', '_', '_'};
    for (u32 i = 0; i < 4 && *path != '\0' && *path != '.'; ++i) name[i] = static_cast<u8>(*path++);
    at = at->child(load_segment(name));
    if (*path == '.') ++path;
  }
  return at;
}

Node* Namespace::next(Node& node) {
  if (node.first_child() != nullptr) return node.first_child();
  for (Node* n = &node; n != nullptr; n = n->parent()) {
    if (n->next() != nullptr) return n->next();
  }
  return nullptr;
}

}  // namespace ido::acpi
