/*
 * The form of a configuration file: sections in brackets, a key and its value on each line. A line
 * that begins with ";" or "#" is a comment, and so is what follows ";" behind a space.
 *
 *     [pipe orders]        ; the section `pipe` with the name "orders"
 *     max-clients = 100
 */
#ifndef PP_SERVER_INI_H
#define PP_SERVER_INI_H

typedef enum ini_kind {
    INI_SECTION,
    INI_KEY,
    INI_WRONG, /* neither: `name` is the line */
    INI_END
} ini_kind;

typedef struct ini_item {
    ini_kind kind;
    unsigned line; /* from 1 */
    char *name;    /* of the section, or the key */
    char *value;   /* of the key; of a section what follows its name, or NULL */
} ini_item;

typedef struct ini {
    char *rest;
    unsigned line;
} ini;

/* What stands next in the text, which the items point into and which changes on the way. */
ini_item ini_next(ini *in);

#endif
