// A peer of `pawl bench language`: evaluates the cases with Jayway's JsonPath over Jackson's trees, as Step Functions does.
// java -cp … Jayway.java CASES MS
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.jayway.jsonpath.Configuration;
import com.jayway.jsonpath.JsonPath;
import com.jayway.jsonpath.spi.json.JacksonJsonNodeJsonProvider;
import com.jayway.jsonpath.spi.mapper.JacksonMappingProvider;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

public class Jayway {
    static final Configuration CONFIGURATION = Configuration.builder()
            .jsonProvider(new JacksonJsonNodeJsonProvider())
            .mappingProvider(new JacksonMappingProvider())
            .build();
    static final ThreadMXBean CPU = ManagementFactory.getThreadMXBean();
    static Object sink;

    static double time(JsonPath path, JsonNode data, double ms) {
        long began = CPU.getCurrentThreadCpuTime(); // as the machine may have other work
        long done = 0;
        for (long batch = 1; ; batch *= 2) {
            for (long at = 0; at < batch; at++) {
                sink = path.read(data, CONFIGURATION);
            }
            done += batch;
            long spent = CPU.getCurrentThreadCpuTime() - began;
            if (spent >= ms * 1e6) {
                return (double) spent / done;
            }
        }
    }

    public static void main(String[] arguments) throws Exception {
        ObjectMapper mapper = new ObjectMapper();
        List<String> lines = Files.readAllLines(Path.of(arguments[0]));
        double ms = Double.parseDouble(arguments[1]);
        for (int number = 0; number < lines.size(); number++) {
            if (lines.get(number).isEmpty()) {
                continue;
            }
            JsonNode one = mapper.readTree(lines.get(number));
            if (!one.get("language").asText().equals("jsonpath")) {
                continue;
            }
            try {
                JsonPath path = JsonPath.compile(one.get("expr").asText());
                path.read(one.get("data"), CONFIGURATION);
                time(path, one.get("data"), 4 * ms); // for the compiler
                System.out.println(number + " " + time(path, one.get("data"), ms));
            } catch (RuntimeException error) {
                // not for this one
            }
        }
    }
}
