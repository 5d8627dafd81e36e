/* health_place_test.c tests addresses, hosts and obstacles; here are the bounds. */
#include "config/rules/local_place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct config_listener listener = {
    .address = {.kind = CONFIG_ADDRESS_TCP, .port = 80}};

/* Of a path of '/' and `length` - 1 other characters. */
static const char *find(char character, size_t length, struct local_place *place)
{
    char path[4096] = "/";
    memset(path + 1, character, length - 1);
    path[length] = '\0';
    return local_place_find(&listener, &(struct config_route){.path = path}, place);
}

static void test_a_target_has_room_or_is_refused(void **unused)
{
    struct local_place place;
    for (size_t length = 2; length < 2 * sizeof(place.target); length++) {
        bool plain = !find('a', length, &place), encoded;
        assert_true(!plain || strlen(place.target) == length);
        assert_int_equal(plain, length < sizeof(place.target) - 2);
        encoded = !find('@', length, &place);
        assert_true(!encoded || strlen(place.target) == 1 + 3 * (length - 1));
    }
}

static void test_a_capture_cannot_be_asked(void **unused)
{
    struct local_place place;
    const struct config_route route = {.path = "/{name}"};
    assert_string_equal(local_place_find(&listener, &route, &place),
                        "serves it under a path with captures only");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_target_has_room_or_is_refused),
        cmocka_unit_test(test_a_capture_cannot_be_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
