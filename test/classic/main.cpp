#define BOOST_TEST_MODULE classic
#include <boost/test/unit_test.hpp>
