/* What a Definition is, by its member `kind`; absent: a state machine's head or one of its revisions. */
#ifndef PAWL_SCHEMAS_DEFINITION_KINDS_H
#define PAWL_SCHEMAS_DEFINITION_KINDS_H

#include "base/str.h"

#define DEFINITION_KIND_VERSION STR("VERSION")
#define DEFINITION_KIND_ALIAS STR("ALIAS")
#define DEFINITION_KIND_ACTIVITY STR("ACTIVITY")

#endif
