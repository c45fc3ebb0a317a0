#include <reqivo/detail/body_owner.hpp>
#include <utility>

#include "exchange.hpp"
#include "misuse.hpp"

namespace reqivo::detail {

BodyOwner::BodyOwner(std::shared_ptr<Exchange> exchange) noexcept : exchange_(std::move(exchange)) {
  if (exchange_) exchange_->add_owner();
}

BodyOwner::BodyOwner(const BodyOwner& other) noexcept : BodyOwner(other.exchange_) {}

BodyOwner::~BodyOwner() {
  if (exchange_) exchange_->remove_owner();
}

const std::shared_ptr<Exchange>& BodyOwner::exchange() const {
  if (!exchange_) throw_misuse("reqivo: this StreamResponse holds no body");
  return exchange_;
}

}  // namespace reqivo::detail
