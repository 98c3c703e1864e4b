/* What the files of the transition share: one function a state type and one file a concern. For asl/step*.c alone.
 *
 * Every function here takes the run and a frame, changes the frame, and adds events; none waits. */
#ifndef PAWL_ASL_STEP_PARTS_H
#define PAWL_ASL_STEP_PARTS_H

#include "asl/run.h"
#include "asl/stage.h"

/* ---- history.c ---- */

/* A new event with the next id, naming `previous_event_id`; its columns are empty. Past the history's cap the event is not
 * recorded: *out_event is then a scratch one and run->history_full is set. */
MUST_CHECK enum status history_add(struct run *run, enum history_event_type type, int64_t previous_event_id,
                                   struct history_event **out_event);

/* The same, as the frame's next event: names the frame's previous one and becomes it. */
MUST_CHECK enum status history_add_frame(struct run *run, struct run_frame *frame, enum history_event_type type,
                                         struct history_event **out_event);

/* <Type>StateEntered, …Exited, …Aborted of a state type. */
enum history_event_type history_entered(enum state_type type);
enum history_event_type history_exited(enum state_type type);

/* ---- context.c ---- */

/* The context object `$$` as the frame sees it (ASL.md, section 11). `item`: the Map.Item to show, NULL for the frame's own;
 * `token`: the open task's, STR_NONE for none. */
MUST_CHECK enum status context_build(struct run *run, struct run_frame *frame, const struct value *item, struct str token,
                                     const struct value **out_context);

/* Map.Item of iteration `index`: {"Index": …, "Value": …}. */
MUST_CHECK enum status context_item(struct run *run, int64_t index, const struct value *item, const struct value **out_item);

/* What the present state's expressions see: context and variables only when it reads them. `input`: `$` of a JSONPath
 * state. */
MUST_CHECK enum status context_scope(struct run *run, struct run_frame *frame, const struct value *input,
                                     struct expression_scope *out_scope);

/* ---- stage.c ---- */

/* What a stage produced. */
struct step_sight {
    struct data data;
    bool given;                    /* the definition has the field; always with a `path` that is not `$` */
    int64_t index;                 /* STAGE_NO_INDEX: none */
    const struct path_field *path; /* NULL: none */
    struct str path_text;          /* of any other path; STR_NONE: none */
};

/* Tells the step's observer, if there is one. */
MUST_CHECK enum status step_observe(struct run *run, const struct run_frame *frame, enum stage_type type,
                                    const struct step_sight *sight);

/* The same of {"Error","Cause"}. */
MUST_CHECK enum status step_observe_failure(struct run *run, const struct run_frame *frame, const struct failure *failure);

/* ---- dataflow.c ---- */

/* InputPath: the effective input. In a JSONata state the raw input. */
MUST_CHECK enum status dataflow_input(struct run *run, struct run_frame *frame, struct data *out_input, struct failure *out_failure);

/* Parameters or Arguments over the effective input; without them the effective input. */
MUST_CHECK enum status dataflow_parameters(struct run *run, struct run_frame *frame, struct data effective, struct str token,
                                           struct data *out_parameters, struct failure *out_failure);

/* ResultSelector, ResultPath, OutputPath, or JSONata's Output: the state's output. `result` is a raw result. */
MUST_CHECK enum status dataflow_output(struct run *run, struct run_frame *frame, struct data result, struct data *out_output,
                                       struct failure *out_failure);

/* OutputPath alone. */
MUST_CHECK enum status dataflow_output_path(struct run *run, struct run_frame *frame, struct data whole, struct data *out_output,
                                            struct failure *out_failure);

/* ResultPath: `result` put into the raw input. */
MUST_CHECK enum status dataflow_result_path(struct run *run, struct run_frame *frame, const struct path_field *result_path,
                                            struct data result, struct data *out_output, struct failure *out_failure);

/* ---- step_exit.c ---- */

/* How a state is left: where to, with what, and whose Assign and Output count. */
struct step_exit {
    uint32_t next;
    const struct expression *assign;
    const struct expression *output;     /* JSONata: instead of the data; NULL: none */
    struct data data;                    /* the output, unless `output` is there */
    struct data assign_input;            /* `$` of Assign in a JSONPath state */
    const struct value *result;          /* JSONata: $states.result; NULL: none */
    const struct value *error_output;    /* JSONata: $states.errorOutput; NULL: none */
};

/* Evaluates Assign and Output, records …StateExited and goes on to the next state or ends the machine. */
MUST_CHECK enum status step_exit(struct run *run, struct run_frame *frame, const struct step_exit *exit);

/* The state's work is done: its result goes through the data flow, then step_exit. */
MUST_CHECK enum status step_finish(struct run *run, struct run_frame *frame, struct data result);

/* The frame's machine has ended with this output: the execution, branch or iteration has succeeded. */
MUST_CHECK enum status step_end(struct run *run, struct run_frame *frame, struct data output);

/* ---- step_failure.c ---- */

/* The state has failed, and its own failure event is recorded (the frame's previous one): Retry, Catch, or the failure of
 * what is around it. */
MUST_CHECK enum status step_fail(struct run *run, struct run_frame *frame, const struct failure *failure, bool heartbeat);

/* Whether the state's own Retry or Catch will answer to the failure. */
bool step_is_answered(const struct run *run, const struct run_frame *frame, const struct failure *failure, bool heartbeat);

/* An expression of the state failed: the cause gets its prefix, JSONata's failure its EvaluationFailed. */
MUST_CHECK enum status step_record_evaluation(struct run *run, struct run_frame *frame, struct failure *failure);

/* That, then step_fail. */
MUST_CHECK enum status step_fail_evaluation(struct run *run, struct run_frame *frame, struct failure failure);

/* What the state hands on is over the payload's limit: States.DataLimitExceeded; the second fails the state with it. */
MUST_CHECK enum status step_parameters_size(struct run *run, const struct run_frame *frame, struct failure *out_failure);
MUST_CHECK enum status step_fail_parameters_size(struct run *run, struct run_frame *frame);

/* ---- step_task.c ---- */
MUST_CHECK enum status step_schedule_task(struct run *run, struct run_frame *frame);
/* No task of the frame is open any more. */
void step_forget_task(struct frame_row *row);
MUST_CHECK enum status step_task_event(struct run *run, struct run_frame *frame, const struct step_event *event,
                                       enum step_outcome *out_outcome);
MUST_CHECK enum status step_task_timer(struct run *run, struct run_frame *frame);

/* ---- step_wait.c ---- */
MUST_CHECK enum status step_finish_wait(struct run *run, struct run_frame *frame);

/* ---- step_children.c ---- */

/* Begins a run of the frame's Parallel or Map: a new group, …StateStarted, the first children. */
MUST_CHECK enum status step_start_parallel(struct run *run, struct run_frame *frame);
MUST_CHECK enum status step_start_map(struct run *run, struct run_frame *frame);

/* Item `index` of the parent's present Map run, from its pages. */
MUST_CHECK enum status step_map_item(struct run *run, struct run_frame *parent, int64_t index, const struct value **out_item);

/* Whether the frames below one in FRAME_ABORT stay for a redrive, rather than being deleted. */
bool step_keeps_children(const struct run *run, const struct run_frame *parent);

/* The frame goes on without the group of its present Parallel or Map. */
void step_leave_group(struct run_frame *parent);

/* Starts as many more children as the limits allow; joins them when all of them have succeeded. */
MUST_CHECK enum status step_start_children(struct run *run, struct run_frame *parent);

MUST_CHECK enum status step_child_succeeded(struct run *run, struct run_frame *child, struct data output);
MUST_CHECK enum status step_child_failed(struct run *run, struct run_frame *child, const struct failure *failure, bool heartbeat);

/* Takes down what is left of the frame's children, then handles its pending failure. */
MUST_CHECK enum status step_abort_children(struct run *run, struct run_frame *parent);

/* Deletes the payload rows of a group, some at a time. */
MUST_CHECK enum status step_sweep(struct run *run, struct run_frame *sweep);

/* ---- step_redrive.c ---- */
MUST_CHECK enum status step_redrive(struct run *run, const struct step_event *event, enum step_outcome *out_outcome);

/* The execution runs again; its frames do not yet. */
MUST_CHECK enum status step_begin_redrive(struct run *run, const struct step_event *event);

/* Redrives a page of the frames below the walker's, and comes back until there are none. */
MUST_CHECK enum status step_walk(struct run *run, struct run_frame *walker);

/* ---- step_execution.c ---- */
MUST_CHECK enum status step_begin_execution(struct run *run, const struct step_start *start);

/* Ends the execution: the event, the status, what is to be cleaned up and when. */
MUST_CHECK enum status step_end_execution(struct run *run, enum execution_status_id status, int64_t previous_event_id,
                                          struct data *output, const struct failure *failure);

/* The time that the execution may take begins now. */
MUST_CHECK enum status step_arm_deadline(struct run *run);

/* Whether what there is of an execution that ends without success stays for a redrive. */
bool step_is_redrivable(const struct run *run);

/* Publishes the status when the step changed it. */
MUST_CHECK enum status step_publish_status(struct run *run);

/* The execution's own timer: the deadline while it runs, later the clean-up. */
MUST_CHECK enum status step_execution_timer(struct run *run, int64_t due_ms);

/* ---- One function a state type (states.def) ---- */
#define STATE(id, name, parse, enter) MUST_CHECK enum status enter(struct run *run, struct run_frame *frame);
#include "asl/states.def"

#endif
