/*
 * Names. The first byte says of what, and whether of this machine alone; the rest is the name. What
 * is taken is a path that names itself.
 */
#include "fuzz.h"

#include "base/name.h"
#include "base/win.h"

#include <string.h>

void fuzz_one(const uint8_t *data, size_t size)
{
    static name_path path, again;
    uint8_t flags = size > 0 ? data[0] : 0;
    name_kind kind = flags & 1 ? NAME_MAILSLOT : NAME_PIPE;
    bool local_only = (flags & 2) != 0;
    pp_error error;

    if (name_parse(&path, kind, fuzz_text(data + 1, size > 0 ? size - 1 : 0), local_only, "field",
                   &error) != PP_OK) {
        fuzz_expect(strncmp(error.message, "field", 5) == 0, "the text begins otherwise");
        return;
    }
    fuzz_expect(strncmp(path.text, "\\\\", 2) == 0 && strlen(path.text) < sizeof path.text,
                "it is no path");
    fuzz_expect(path.local || !local_only, "it is of another machine");
    fuzz_expect(name_parse(&again, kind, path.text, local_only, "field", &error) == PP_OK &&
                    strcmp(again.text, path.text) == 0 && wcscmp(again.wide, path.wide) == 0,
                "the path names something else");
}
