/*
 * Numbers as people write them. The first byte says which option; the rest is the text. What is
 * taken is within the option's range, and comes back from how it is printed.
 */
#include "fuzz.h"

#include "server/number.h"

static const option_table *const numbers__tables[] = {&option_port_table, &option_listen_table,
                                                      &option_conn_table, &option_mailslot_table};

static const option_row *numbers__row(size_t index)
{
    for (size_t t = 0;; t = (t + 1) % (sizeof numbers__tables / sizeof *numbers__tables)) {
        if (index < numbers__tables[t]->count)
            return &numbers__tables[t]->rows[index];
        index -= numbers__tables[t]->count;
    }
}

/* The largest structure that the tables fill in. */
static union {
    pp_port_options port;
    pp_listen_options listen;
    pp_conn_options conn;
    pp_mailslot_options mailslot;
} numbers__options;

void fuzz_one(const uint8_t *data, size_t size)
{
    const option_row *row = numbers__row(size > 0 ? data[0] : 0);
    uint64_t *member = option_member(row, &numbers__options), value;
    char text[NUMBER_TEXT];
    pp_error error;

    if (number_take(row, &numbers__options, fuzz_text(data + 1, size > 0 ? size - 1 : 0), "field",
                    &error) != PP_OK)
        return;
    value = *member;
    fuzz_expect((value >= row->least && value <= row->most) || (row->zero_allowed && value == 0),
                "a number is out of its range");
    if (value == 0 || (row->unit == OPTION_MS && value % 1000 != 0))
        return; /* printed for people alone */
    number_print(row->unit, value, text);
    fuzz_expect(number_take(row, &numbers__options, text, "field", &error) == PP_OK &&
                    *member == value,
                "a number is printed as another");
}
