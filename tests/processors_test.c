/*
 * A port on a machine with more processors than it may have workers. This program's
 * processors_count is linked instead of the library's.
 */
#include "kit.h"

#include "base/processors.h"

unsigned processors_count(void)
{
    return 2048;
}

TEST_CASE(a_port_has_no_more_workers_than_allowed)
{
    pp_port *port = kit_port(0);

    assert_int_equal(kit_stats(port).workers, 256);
    kit_close(&port);
}

static const struct CMUnitTest tests[] = {
    TEST(a_port_has_no_more_workers_than_allowed),
};

HARNESS_MAIN(tests)
