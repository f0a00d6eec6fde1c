// Boost.JSON, compiled into this library instead of asking every program to link with one more.
#include <boost/json/src.hpp>
