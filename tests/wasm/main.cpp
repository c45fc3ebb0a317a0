// Runs the tests and says so to whoever waits: what `main` returns after it was suspended is lost.
#include <catch2/catch_session.hpp>
#include <cstdlib>

int main(int argc, char** argv) { std::exit(Catch::Session().run(argc, argv)); }
