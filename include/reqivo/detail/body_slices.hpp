// Ranges over the bytes of a buffered body.
#pragma once

#include <cstddef>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace reqivo::detail {

/// Where a slice of a text ends and the next one begins.
class SliceEnd {
 public:
  SliceEnd(std::size_t end, std::size_t next) noexcept : end_(end), next_(next) {}
  [[nodiscard]] std::size_t end() const noexcept { return end_; }
  [[nodiscard]] std::size_t next() const noexcept { return next_; }

 private:
  std::size_t end_;
  std::size_t next_;
};

/// Slices of equal length.
class FixedSlices {
 public:
  FixedSlices() noexcept = default;
  explicit FixedSlices(std::size_t size) noexcept : size_(size) {}
  [[nodiscard]] SliceEnd cut(std::string_view rest) const noexcept {
    const std::size_t end = rest.size() < size_ ? rest.size() : size_;
    return SliceEnd(end, end);
  }

 private:
  std::size_t size_ = 1;
};

/// Lines, without what ends them: "\n", "\r\n" or "\r".
class LineSlices {
 public:
  LineSlices() noexcept = default;
  [[nodiscard]] SliceEnd cut(std::string_view rest) const noexcept {
    const std::size_t end = rest.find_first_of("\r\n");
    if (end == std::string_view::npos) return SliceEnd(rest.size(), rest.size());
    const bool two = rest[end] == '\r' && end + 1 < rest.size() && rest[end + 1] == '\n';
    return SliceEnd(end, end + (two ? 2 : 1));
  }
};

/// A forward range of views. Lifetime: the views and iterators of a range made from a named
/// response live as long as the response and its body are unchanged; of one made from a temporary
/// response, as long as the range, which took the body over.
template <class Cutter>
class [[nodiscard]] BodySlices {
 public:
  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = std::string_view;
    using difference_type = std::ptrdiff_t;
    using pointer = const std::string_view*;
    using reference = const std::string_view&;

    Iterator() noexcept = default;
    Iterator(std::string_view rest, Cutter cutter) noexcept : rest_(rest), cutter_(cutter) {
      cut();
    }
    reference operator*() const noexcept { return slice_; }
    pointer operator->() const noexcept { return &slice_; }
    Iterator& operator++() noexcept {
      rest_.remove_prefix(next_);
      cut();
      return *this;
    }
    Iterator operator++(int) noexcept {
      Iterator before = *this;
      ++*this;
      return before;
    }
    /// Iterators of one range: how much is left tells where they are.
    friend bool operator==(const Iterator& a, const Iterator& b) noexcept {
      return a.rest_.size() == b.rest_.size();
    }

   private:
    void cut() noexcept {
      const SliceEnd found = cutter_.cut(rest_);
      slice_ = rest_.substr(0, found.end());
      next_ = found.next();
    }
    std::string_view rest_;
    std::string_view slice_;
    std::size_t next_ = 0;
    Cutter cutter_{};
  };

  BodySlices(std::string_view bytes, Cutter cutter) noexcept : bytes_(bytes), cutter_(cutter) {}
  BodySlices(std::string&& bytes, Cutter cutter)
      : owned_(std::make_shared<const std::string>(std::move(bytes))),
        bytes_(*owned_),
        cutter_(cutter) {}

  [[nodiscard]] Iterator begin() const noexcept { return Iterator(bytes_, cutter_); }
  [[nodiscard]] Iterator end() const noexcept {
    return Iterator(bytes_.substr(bytes_.size()), cutter_);
  }

 private:
  std::shared_ptr<const std::string> owned_;  // null: the response owns the bytes
  std::string_view bytes_;
  Cutter cutter_;
};

/// Errors: std::invalid_argument where `size` is zero.
[[nodiscard]] FixedSlices slices_of(std::size_t size);

}  // namespace reqivo::detail
