// A doubly linked list whose links live in the elements. Freestanding, allocates nothing.
//
//   struct Page { ListNode lru; };   IntrusiveList<Page, &Page::lru> active;
//
// An element is in at most one list through one node. Destroying a list does not touch its elements.
#pragma once

#include "base/types.hpp"

namespace base {

struct ListNode {
  ListNode* next = nullptr;
  ListNode* previous = nullptr;
  bool linked() const { return next != nullptr; }
};

template <class T, ListNode T::*Node>
class IntrusiveList {
 public:
  constexpr IntrusiveList() : head_{&head_, &head_} {}  // constexpr: a static list needs no start-up code
  IntrusiveList(const IntrusiveList&) = delete;
  IntrusiveList& operator=(const IntrusiveList&) = delete;

  void clear() { head_.next = head_.previous = &head_; }
  bool empty() const { return head_.next == &head_; }
  T* front() { return empty() ? nullptr : owner(head_.next); }
  T* back() { return empty() ? nullptr : owner(head_.previous); }

  void push_front(T& e) { link(head_, e.*Node, *head_.next); }
  void push_back(T& e) { link(*head_.previous, e.*Node, head_); }
  // Puts e in front of `next`, which is in this list.
  static void insert_before(T& next, T& e) { link(*(next.*Node).previous, e.*Node, next.*Node); }
  static void remove(T& e) {
    ListNode& n = e.*Node;
    n.previous->next = n.next;
    n.next->previous = n.previous;
    n.next = n.previous = nullptr;
  }
  T* pop_front() {
    T* e = front();
    if (e != nullptr) remove(*e);
    return e;
  }

  class Iterator {
   public:
    explicit Iterator(ListNode* n) : node_(n) {}
    T& operator*() const { return *owner(node_); }
    T* operator->() const { return owner(node_); }
    Iterator& operator++() {
      node_ = node_->next;
      return *this;
    }
    bool operator==(const Iterator&) const = default;

   private:
    ListNode* node_;
  };
  Iterator begin() { return Iterator{head_.next}; }
  Iterator end() { return Iterator{&head_}; }

 private:
  static T* owner(ListNode* n) {
    // The offset of Node in T, computed on a fake address as offsetof does.
    alignas(T) static char probe[sizeof(T)];
    const auto offset = reinterpret_cast<char*>(&(reinterpret_cast<T*>(probe)->*Node)) - probe;
    return reinterpret_cast<T*>(reinterpret_cast<char*>(n) - offset);
  }
  static void link(ListNode& before, ListNode& n, ListNode& after) {
    n.previous = &before;
    n.next = &after;
    before.next = &n;
    after.previous = &n;
  }

  ListNode head_;
};

}  // namespace base
