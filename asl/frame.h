/* Where one branch of an execution stands (design, section 4): the numbers in FrameRow. */
#ifndef PAWL_ASL_FRAME_H
#define PAWL_ASL_FRAME_H

#define FRAME_ROOT 0
#define FRAME_NO_PARENT (-1)
#define FRAME_NO_GROUP (-1)

/* What a frame waits for. The numbers are stored: add at the end. */
enum frame_phase {
    FRAME_ENTER = 0,    /* its state is to be entered: in the step's queue, or at a continuation's timer */
    FRAME_TASK = 1,     /* a task's result; its timer is the time-out or the heartbeat, whichever is due first */
    FRAME_WAIT = 2,     /* the end of a Wait */
    FRAME_RETRY = 3,    /* the end of a Retrier's delay */
    FRAME_CHILDREN = 4, /* its branches or iterations; a timer is there when more of them are to be started */
    FRAME_ABORT = 5,    /* its children being taken down after a failure; then the failure is handled */
    FRAME_SWEEP = 6,    /* no branch: the payload rows of group `id` are to be deleted */
    FRAME_DOWN = 7,     /* a redrive: its state failed, or was aborted with what is around it, and nothing answered */
    FRAME_AHEAD = 8,    /* a redrive: the same, before it had entered its state */
    FRAME_REDRIVE = 9,  /* its state is to be worked at again, after a redrive: in the queue, or at a continuation's timer */
    FRAME_WALK = 10,    /* no branch: redrives those that are there, page by page */
    FRAME_GONE = 11,    /* nothing: of an execution whose rows are being deleted, or are */
};

/* What history has been told of the open task. The bits are stored. */
enum frame_task_flags {
    FRAME_TASK_STARTED = 1,   /* …Started */
    FRAME_TASK_SUBMITTED = 2, /* TaskSubmitted */
};

#endif
