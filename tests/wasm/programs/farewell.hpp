// Tells when it goes.
#pragma once

#include <cstdio>

class Farewell {
 public:
  Farewell() {}
  Farewell(const Farewell&) = delete;
  Farewell& operator=(const Farewell&) = delete;
  ~Farewell() { std::puts("destroyed"); }
};
