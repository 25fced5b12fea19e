/*
 * The file of figures. It is replaced by whole figures and by nothing else: they are written beside
 * it, and take its name at the end. A run that fails leaves what was there.
 */
#ifndef PIPE_LOAD_FIGURES_H
#define PIPE_LOAD_FIGURES_H

#include "options.h"
#include "result.h"

/* Whether a file can be written there: asked before the run, so that a wrong path does not cost
 * one. */
bool figures_check(const char *path);

/* False: the file is as it was. */
bool figures_write(const char *path, const options *o, const result *r);

#endif
