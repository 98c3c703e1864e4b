/* Every limit of pawl that a specification gives or that bounds a loop or a buffer, with its source (STYLE 20).
 * What AWS's users complain about can be raised in the configuration (`limits.*`); these are then the defaults. */
#ifndef PAWL_BASE_LIMITS_H
#define PAWL_BASE_LIMITS_H

/* AWS quotas: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html */
#define PAYLOAD_BYTES_MAX 262144         /* input or output of a state, task or execution, UTF-8 */
#define DEFINITION_BYTES_MAX 1048576     /* a definition's text */
#define HISTORY_EVENTS_MAX 25000         /* events of one Standard execution; 0 in the configuration: no cap */
#define NAME_CHARACTERS_MAX 80           /* state machine, execution, activity and state names */
#define ARN_CHARACTERS_MAX 256           /* API model, Arn */
#define ERROR_CHARACTERS_MAX 256         /* API model, SensitiveError */
#define CAUSE_CHARACTERS_MAX 32768       /* API model, SensitiveCause */
#define CLIENT_TOKEN_CHARACTERS_MAX 64   /* API model, ClientToken */
#define TASK_TOKEN_CHARACTERS_MAX 2048   /* API model, TaskToken */
#define SECONDS_MAX 99999999             /* TimeoutSeconds, HeartbeatSeconds, Wait's Seconds, IntervalSeconds */
#define MAX_DELAY_SECONDS_BELOW 31622400 /* Retry's MaxDelaySeconds is below this (366 days) */
#define WAIT_DAYS_MAX 24855              /* seen: 24,855 days ahead is accepted, 24,856 is not */
#define EXECUTION_MS_MAX (365LL * 24 * 3600 * 1000) /* a Standard execution's longest run */
#define EXPRESS_MS_MAX (5LL * 60 * 1000)            /* an Express execution's longest run */
#define MAP_CONCURRENCY_DEFAULT 40                  /* iterations of an inline Map that AWS runs side by side */
#define MAP_ITEMS_MAX 100000000                     /* items of one distributed Map */
#define VARIABLE_BYTES_MAX 262144                   /* one variable, and one Assign */
#define VARIABLES_BYTES_MAX 10485760                /* all variables of one execution */
#define RETENTION_DAYS 90                           /* a closed execution's rows */
#define MACHINE_VERSIONS_MAX 1000                   /* versions of one state machine */
#define MACHINE_ALIASES_MAX 100                     /* aliases of one state machine */
#define MACHINES_MAX 100000                         /* state machines of an account */
#define ACTIVITIES_MAX 100000                       /* activities of an account */
#define EXECUTIONS_RUNNING_MAX 1000000              /* open Standard executions of an account */
#define ACTIVITY_WORKERS_MAX 1000                   /* that poll for one activity at the same time */
#define RESOURCE_TAGS_MAX 50                        /* tags of one machine or activity */
#define TAG_KEY_CHARACTERS_MAX 128                  /* API model, TagKey */
#define TAG_VALUE_CHARACTERS_MAX 256                /* API model, TagValue */
#define DESCRIPTION_CHARACTERS_MAX 256              /* API model, VersionDescription, AliasDescription */
#define REDRIVE_DAYS 14                             /* a failed execution's frames and payloads */
#define REDRIVES_MAX 1000                           /* of one execution; AWS's limit of a Map Run's */
#define REDRIVE_TOKENS_MAX 10                       /* API: clientTokens that an execution remembers, */
#define REDRIVE_TOKEN_MINUTES 15                    /* and for how long */
#define INTRINSIC_DEPTH_MAX 10                      /* nested intrinsic functions */
#define INTRINSIC_TEXT_CHARACTERS_MAX 10000         /* Base64Encode, Base64Decode, Hash */
#define INTRINSIC_RANGE_ITEMS_MAX 1000              /* ArrayRange */

/* Ours: what bounds a loop, a recursion or a buffer. Those with #ifndef are smaller in the fuzzers (CMakePresets.json). */
#define JSON_DEPTH_MAX 512               /* nested arrays and objects in a payload; Jackson's own limit is 1,000 */
#define PATH_TOKENS_MAX 128              /* steps of one JSONPath */
#define PATH_NESTING_MAX 16              /* paths, parentheses and filters inside each other in a JSONPath */
#ifndef PATH_VISITS_MAX
#define PATH_VISITS_MAX 2000000          /* values that one evaluation of a JSONPath may look at */
#endif
#ifndef PATH_PATTERN_STEPS_MAX
#define PATH_PATTERN_STEPS_MAX 1000000   /* PCRE2's match limit of a filter's regular expression */
#endif
#define PATH_PATTERN_HEAP_KIB_MAX 20000  /* PCRE2's heap limit, which bounds its backtracking */
#define LOCATION_BYTES_MAX 1024          /* of a field's path in an EvaluationFailed event */
#define FINDINGS_MESSAGE_BYTES_MAX 65536 /* of the findings in one text, which is a reply's */
#define FINDINGS_MAX 10000               /* findings kept of one definition; AWS shows 100 */
#define MACHINE_DEPTH_MAX 32             /* machines inside machines (Parallel, Map) in a definition */
#define STEP_EFFECTS_MAX 1000            /* effects of one step, before a continuation (design, section 4) */
#define STEP_STATES_MAX 100              /* states entered in one step, before a continuation */
#define STEP_OUTPUT_BYTES_MAX (4 * 1024 * 1024)        /* payloads written by one step, before a continuation */
#define STEP_MEMORY_BYTES_MAX ((size_t)64 * 1024 * 1024) /* memory of one step, before a continuation */
#define STEP_WORK_MAX 30000000           /* steps of JSONata, and values that paths look at, in one step: a second or two;
                                            past a third of it, it gives way */
#define STEP_RESERVE_BYTES ((size_t)8 * 1024 * 1024)     /* of its arena, to fail the execution with when the rest is used up */
#define BATCH_RECORDS_MAX 1000           /* input records of one transaction */
#define BATCH_BYTES_MAX (8 * 1024 * 1024) /* output of one transaction */
#define BATCH_MS_MAX 1000                /* a batch is committed after this long, drained or not */
#define RECORD_BYTES_MAX (8 * 1024 * 1024)      /* max.message.bytes of pawl's topics */
#define DEAD_LETTER_BYTES_MAX (9 * 1024 * 1024) /* of `pawl.dead-letters`: a record and its headers */
#define PARTITIONS_MAX 65535             /* two bytes of a row's key */
#define ROUTE_CHARACTERS_MAX 200         /* `<route>` of pawl.tasks.<route> */
#define STEP_ARENA_BYTES_MAX ((size_t)256 * 1024 * 1024)       /* what handling one record may take */
#define DEFINITION_ARENA_BYTES_MAX ((size_t)128 * 1024 * 1024) /* one compiled definition */

/* The gateway's HTTP. */
#define GATEWAY_HEADER_BYTES_MAX 16384                          /* a request's line and headers; as much memory a connection */
#define GATEWAY_BODY_BYTES_MAX RECORD_BYTES_MAX                 /* a request's body */
#define GATEWAY_PAGE_BYTES_MAX ((size_t)8 * 1024 * 1024)        /* about where a page of a list or history ends */
#define GATEWAY_PAGE_TOKEN_HOURS 24                             /* API: a pagination token expires after 24 hours */

/* JSONata (asl/jsonata): AWS documents none of its own. */
#define JSONATA_NESTING_MAX 256            /* brackets and operators inside each other in an expression */
#define JSONATA_HEIGHT_MAX 1000            /* of an expression's tree: also operators in a row, a & b & c … */
#define JSONATA_REFERENCES_MAX 100         /* names of an expression that validation tells of */
#ifndef JSONATA_STEPS_MAX
#define JSONATA_STEPS_MAX 10000000         /* nodes evaluated and items produced by one evaluation; about a second */
#endif
#define JSONATA_DEPTH_MAX 1500             /* nested evaluations, tail calls not counted */
#define JSONATA_STRING_BYTES_MAX 8388608   /* one string that is built; RECORD_BYTES_MAX */
#define JSONATA_MEMORY_BYTES_MAX ((size_t)96 * 1024 * 1024) /* taken from the arena by one evaluation */
#define JSONATA_RANGE_ITEMS_MAX 10000000   /* the reference's limit of a..b */
#ifndef JSONATA_REGEX_MATCH_MAX
#define JSONATA_REGEX_MATCH_MAX 1000000    /* pcre2's match limit, from one place of the text */
#endif
#define JSONATA_REGEX_HEAP_KIB_MAX 20000   /* pcre2's heap limit, KiB */

#endif
