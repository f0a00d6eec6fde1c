#define BOOST_TEST_MODULE arbalest
#include <boost/test/unit_test.hpp>
