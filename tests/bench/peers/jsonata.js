// A peer of `pawl bench language`: evaluates the cases with jsonata-js. node jsonata.js CASES MS
const fs = require('fs');
const jsonata = require('jsonata');

// Of the processor, as the machine may have other work.
function cpuNs() {
    const used = process.cpuUsage();
    return (used.user + used.system) * 1000;
}

async function time(expression, one, ms) {
    const began = cpuNs();
    let done = 0;
    for (let batch = 1; ; batch *= 2) {
        for (let at = 0; at < batch; at++) {
            await expression.evaluate(one.data, one.bindings);
        }
        done += batch;
        const spent = cpuNs() - began;
        if (spent >= ms * 1e6) {
            return spent / done;
        }
    }
}

async function main() {
    const [path, ms] = process.argv.slice(2);
    const lines = fs.readFileSync(path, 'utf8').split('\n');
    for (let number = 0; number < lines.length; number++) {
        if (lines[number] === '') continue;
        const one = JSON.parse(lines[number]);
        if (one.language !== 'jsonata') continue;
        try {
            const expression = jsonata(one.expr);
            await expression.evaluate(one.data, one.bindings);
            await time(expression, one, 4 * Number(ms)); // for the compiler
            console.log(number, await time(expression, one, Number(ms)));
        } catch (error) {
            // not for this one
        }
    }
}

main();
