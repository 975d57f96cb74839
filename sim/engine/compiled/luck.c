#include "luck.h"

#include <math.h>
#include <stddef.h>

static const double LARGEST = 9007199254740992.0; /* 2^53 */

/* One block of Philox 4x64, ten rounds (Salmon et al. 2011), as numpy has it: four numbers of 64 bits. */
static void philox(const u64 key[2], const u64 counter[4], u64 out[4])
{
    u64 a = counter[0], b = counter[1], c = counter[2], d = counter[3], x = key[0], y = key[1];
    for (int round = 0; round < 10; round++) {
        unsigned __int128 first = (unsigned __int128)0xD2E7470EE14C6C93ull * a, second = (unsigned __int128)0xCA5A826395121157ull * c;
        a = (u64)(second >> 64) ^ b ^ x;
        b = (u64)second;
        c = (u64)(first >> 64) ^ d ^ y;
        d = (u64)first;
        x += 0x9E3779B97F4A7C15ull;
        y += 0xBB67AE8584CAA73Bull;
    }
    out[0] = a, out[1] = b, out[2] = c, out[3] = d;
}

void page(const World *world, i64 purpose, u64 task, u64 branch, u64 number, double *out, int count)
{
    u64 counter[4] = {0, number, branch, task}, block[4];
    for (int at = 0; at < count; at++) {
        if (at % 4 == 0) {
            counter[0]++;
            philox(world->keys[purpose], counter, block);
        }
        out[at] = (double)(block[at % 4] >> 11) * (1.0 / 9007199254740992.0);
    }
}

u64 child(u64 branch, i64 index)
{
    u64 mixed = (branch ^ (u64)(index + 1)) * 0x9E3779B97F4A7C15ull;
    return mixed ^ (mixed >> 29);
}

/* The polynomial with these coefficients, the highest power first: Horner's way. */
static double polynomial(const double *coefficients, double x)
{
    double sum = coefficients[0];
    for (int power = 1; power < 8; power++)
        sum = sum * x + coefficients[power];
    return sum;
}

/* The coefficients are those of Wichura (1988). */
static const double
    CENTRE_NUMERATOR[8] = {2.5090809287301226727e+3, 3.3430575583588128105e+4, 6.7265770927008700853e+4, 4.5921953931549871457e+4,
                           1.3731693765509461125e+4, 1.9715909503065514427e+3, 1.3314166789178437745e+2, 3.3871328727963666080e+0},
    CENTRE_DENOMINATOR[8] = {5.2264952788528545610e+3, 2.8729085735721942674e+4, 3.9307895800092710610e+4, 2.1213794301586595867e+4,
                             5.3941960214247511077e+3, 6.8718700749205790830e+2, 4.2313330701600911252e+1, 1.0},
    TAIL_NUMERATOR[8] = {7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1, 1.27045825245236838258e+0,
                         3.64784832476320460504e+0, 5.76949722146069140550e+0, 4.63033784615654529590e+0, 1.42343711074968357734e+0},
    TAIL_DENOMINATOR[8] = {1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2, 1.48103976427480074590e-1,
                           6.89767334985100004550e-1, 1.67638483018380384940e+0, 2.05319162663775882187e+0, 1.0},
    END_NUMERATOR[8] = {2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3, 2.65321895265761230930e-2,
                        2.96560571828504891230e-1, 1.78482653991729133580e+0, 5.46378491116411436990e+0, 6.65790464350110377720e+0},
    END_DENOMINATOR[8] = {2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5, 7.86869131145613259100e-4,
                          1.48753612908506148525e-2, 1.36929880922735805310e-1, 5.99832206555887937690e-1, 1.0};

double normal_quantile(double u, double mean, double sd)
{
    double q = u - 0.5, x;
    if (fabs(q) <= 0.425) {
        double r = 0.180625 - q * q;
        x = polynomial(CENTRE_NUMERATOR, r) * q / polynomial(CENTRE_DENOMINATOR, r);
        return mean + x * sd;
    }
    double r = sqrt(-log(q <= 0.0 ? u : 1.0 - u));
    if (r <= 5.0)
        x = polynomial(TAIL_NUMERATOR, r - 1.6) / polynomial(TAIL_DENOMINATOR, r - 1.6);
    else
        x = polynomial(END_NUMERATOR, r - 5.0) / polynomial(END_DENOMINATOR, r - 5.0);
    if (q < 0.0)
        x = -x;
    return mean + x * sd;
}

/* How many of `count` rising numbers are below u; with `or_equal`, at most u (`bisect_left`, `bisect_right`). */
static i64 below(const double *numbers, i64 count, double u, int or_equal)
{
    i64 low = 0, high = count;
    while (low < high) {
        i64 middle = (low + high) / 2;
        if (numbers[middle] < u || (or_equal && numbers[middle] == u))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

double draw(const World *world, i64 number, double u)
{
    const Law *law = &world->laws[number];
    const double *numbers = world->numbers + law->numbers;
    const i64 *parts = world->parts + law->parts;
    switch (law->kind) {
    case CONSTANT:
        return law->a;
    case EXPONENTIAL:
        return -law->a * log1p(-u);
    case LOGNORMAL:
        return exp(normal_quantile(u, law->a, law->b));
    case WEIBULL:
        return law->a * pow(-log1p(-u), law->b);
    case BASS:
        return (log1p(u * law->a) - log1p(-u)) / law->b;
    case UNIFORM:
        return law->a + law->b * u;
    case NORMAL:
        return normal_quantile(u, law->a, law->b);
    case GEOMETRIC: {
        double count = ceil(log1p(-u) / law->a);
        return count == 0.0 ? 1.0 : count;
    }
    case BERNOULLI:
        return u >= law->a ? 1.0 : 0.0;
    case POISSON:
        return (double)below(numbers, law->count, u, 0);
    case VALUES:
        return numbers[(i64)(u * (double)law->count)];
    case QUANTILES: {
        double place = u * (double)(law->count - 1);
        i64 i = (i64)place;
        return numbers[i] + (numbers[i + 1] - numbers[i]) * (place - (double)i);
    }
    case TWO:
        return u < law->a ? draw(world, parts[0], u / law->a) : draw(world, parts[1], (u - law->a) / (1 - law->a));
    case MIXTURE: { /* its numbers: where each part begins, then its share */
        i64 i = below(numbers, law->count, u, 1) - 1;
        double within = (u - numbers[i]) / numbers[law->count + i], most = 1 - 0x1p-53;
        return draw(world, parts[i], within < most ? within : most);
    }
    default: { /* BOUNDED */
        double value = draw(world, parts[0], u) + law->a;
        if (law->b > value)
            value = law->b;
        return law->c < value ? law->c : value;
    }
    }
}

i64 cut(Engine *engine, double number)
{
    if (!(fabs(number) < LARGEST)) {
        engine->beyond = 1;
        return 0;
    }
    return (i64)number;
}

i64 whole(Engine *engine, const World *world, i64 law, double u, i64 low)
{
    i64 found = cut(engine, rint(draw(world, law, u)));
    return found > low ? found : low;
}
