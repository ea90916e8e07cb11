#include "mm/area_tree.hpp"

namespace ido {
namespace {

u32 height(const Area* a) { return a == nullptr ? 0 : a->tree.height; }
u32 largest_gap(const Area* a) { return a == nullptr ? 0 : a->tree.largest_gap; }

void refresh(Area& a) {
  const u32 left = height(a.tree.left), right = height(a.tree.right);
  a.tree.height = static_cast<u8>((left > right ? left : right) + 1);
  u32 gap = a.tree.gap;
  if (largest_gap(a.tree.left) > gap) gap = largest_gap(a.tree.left);
  if (largest_gap(a.tree.right) > gap) gap = largest_gap(a.tree.right);
  a.tree.largest_gap = gap;
}

void refresh_up(Area* a) {
  for (; a != nullptr; a = a->tree.parent) refresh(*a);
}

Area* leftmost(Area* a) {
  while (a->tree.left != nullptr) a = a->tree.left;
  return a;
}
Area* rightmost(Area* a) {
  while (a->tree.right != nullptr) a = a->tree.right;
  return a;
}

void set_gap(Area& a) {
  const Area* previous = AreaTree::previous(a);
  a.tree.gap = a.start - (previous != nullptr ? previous->end : 0);
}

// A recursion as deep as the tree is high: 24 for as many areas as low memory can hold.
u32 highest_gap_in(const Area* a, u32 size, u32 lowest, u32 limit, u32 guard) {
  if (largest_gap(a) < size) return 0;
  if (a->end < limit) {
    if (const u32 found = highest_gap_in(a->tree.right, size, lowest, limit, guard)) return found;
  }
  u32 from = a->start - a->tree.gap, to = a->start;
  if (from < lowest) from = lowest;
  if (a->flags & area_flag::kGrowsDown) to = to > guard ? to - guard : 0;
  if (to > limit) to = limit;
  if (to > from && to - from >= size) return to - size;
  return highest_gap_in(a->tree.left, size, lowest, limit, guard);
}

}  // namespace

Area* AreaTree::previous(const Area& area) {
  if (area.tree.left != nullptr) return rightmost(area.tree.left);
  const Area* a = &area;
  while (a->tree.parent != nullptr && a->tree.parent->tree.left == a) a = a->tree.parent;
  return a->tree.parent;
}

Area* AreaTree::next(const Area& area) {
  if (area.tree.right != nullptr) return leftmost(area.tree.right);
  const Area* a = &area;
  while (a->tree.parent != nullptr && a->tree.parent->tree.right == a) a = a->tree.parent;
  return a->tree.parent;
}

Area* AreaTree::first_ending_after(u32 address) const {
  Area* best = nullptr;
  for (Area* a = root_; a != nullptr;) {
    if (a->end > address) {
      best = a;
      a = a->tree.left;
    } else {
      a = a->tree.right;
    }
  }
  return best;
}

u32 AreaTree::highest_gap(u32 size, u32 lowest, u32 limit, u32 guard) const {
  const Area* last = root_ == nullptr ? nullptr : rightmost(root_);
  const u32 end = last == nullptr || last->end < lowest ? lowest : last->end;
  if (end < limit && limit - end >= size) return limit - size;
  return highest_gap_in(root_, size, lowest, limit, guard);
}

void AreaTree::replace(Area* old, Area* now) {
  Area* parent = old->tree.parent;
  if (parent == nullptr)
    root_ = now;
  else
    (parent->tree.left == old ? parent->tree.left : parent->tree.right) = now;
  if (now != nullptr) now->tree.parent = parent;
}

// The child of `top` on the other side takes its place.
void AreaTree::rotate(Area* top, bool left) {
  Area* child = left ? top->tree.right : top->tree.left;
  Area* middle = left ? child->tree.left : child->tree.right;
  replace(top, child);
  (left ? top->tree.right : top->tree.left) = middle;
  if (middle != nullptr) middle->tree.parent = top;
  (left ? child->tree.left : child->tree.right) = top;
  top->tree.parent = child;
  refresh(*top);
  refresh(*child);
}

void AreaTree::rebalance(Area* a) {
  while (a != nullptr) {
    refresh(*a);
    const u32 left = height(a->tree.left), right = height(a->tree.right);
    if (left > right + 1) {
      Area* child = a->tree.left;
      if (height(child->tree.right) > height(child->tree.left)) rotate(child, true);
      rotate(a, false);
      a = a->tree.parent;
    } else if (right > left + 1) {
      Area* child = a->tree.right;
      if (height(child->tree.left) > height(child->tree.right)) rotate(child, false);
      rotate(a, true);
      a = a->tree.parent;
    }
    a = a->tree.parent;
  }
}

void AreaTree::insert(Area& area) {
  area.tree = {};
  Area* parent = nullptr;
  for (Area* a = root_; a != nullptr;) {
    parent = a;
    a = area.start < a->start ? a->tree.left : a->tree.right;
  }
  area.tree.parent = parent;
  if (parent == nullptr)
    root_ = &area;
  else
    (area.start < parent->start ? parent->tree.left : parent->tree.right) = &area;
  set_gap(area);
  rebalance(&area);
  if (Area* after = next(area)) {
    set_gap(*after);
    refresh_up(after);
  }
}

void AreaTree::remove(Area& area) {
  Area* after = next(area);
  Area* from;  // the lowest node whose subtree changes
  if (area.tree.left == nullptr || area.tree.right == nullptr) {
    from = area.tree.parent;
    replace(&area, area.tree.left != nullptr ? area.tree.left : area.tree.right);
  } else {  // `after` is the leftmost on the right: it takes the place
    from = after->tree.parent == &area ? after : after->tree.parent;
    if (from != after) {
      replace(after, after->tree.right);
      after->tree.right = area.tree.right;
      area.tree.right->tree.parent = after;
    }
    after->tree.left = area.tree.left;
    area.tree.left->tree.parent = after;
    replace(&area, after);
  }
  if (after != nullptr) after->tree.gap += area.tree.gap + area.size();
  rebalance(from);
  refresh_up(after);
  area.tree = {};
}

void AreaTree::changed(Area& area) {
  set_gap(area);
  refresh_up(&area);
  if (Area* after = next(area)) {
    set_gap(*after);
    refresh_up(after);
  }
}

}  // namespace ido
