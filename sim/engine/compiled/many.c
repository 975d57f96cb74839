/* What Python asks of thousands at once: `batch.py`. */
#include <math.h>

#include "luck.h"
#include "model.h"

#define EXPORTED __attribute__((visibility("default")))

/* Gaps between arrivals: so many from each page (`sim/workload/arrivals.py`). */
EXPORTED void engine_gaps(const World *world, i64 law, i64 purpose, u64 first_page, i64 pages, i64 of_each, double *out)
{
    for (i64 number = 0; number < pages; number++, out += of_each) {
        page(world, purpose, 0, 0, first_page + (u64)number, out, (int)of_each);
        for (i64 at = 0; at < of_each; at++)
            out[at] = draw(world, law, out[at]);
    }
}

/* Scores of tasks (`SuccessModel.score`), but for their last bits: Python has an error function of its own. */
EXPORTED void engine_scores(const Job *jobs, i64 count, double common, double own, double *out)
{
    for (i64 at = 0; at < count; at++) {
        double z = common * normal_quantile(jobs[at].u_difficulty, 0.0, 1.0) + own * normal_quantile(jobs[at].u_score, 0.0, 1.0);
        out[at] = 0.5 * erfc(-z / sqrt(2.0));
    }
}
