package arbalest.spring;

import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.context.event.EventListener;
import org.springframework.messaging.handler.annotation.MessageMapping;
import org.springframework.messaging.simp.SimpMessagingTemplate;
import org.springframework.messaging.simp.annotation.SendToUser;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Controller;
import org.springframework.web.socket.messaging.SessionSubscribeEvent;

/**
 * Notifies everybody twice a second at /topic/notifications, whoever subscribes to /user/queue/notifications once, and
 * answers at /user/queue/notifications what is sent to /app/measure.
 */
@Controller
public class Notifications {
    private static final String QUEUE = "/queue/notifications";

    private final SimpMessagingTemplate template;
    private final AtomicInteger count = new AtomicInteger();

    Notifications(SimpMessagingTemplate template) {
        this.template = template;
    }

    @Scheduled(fixedRate = 500)
    void notifyEverybody() {
        template.convertAndSend("/topic/notifications",
            Map.of("id", count.incrementAndGet(), "title", "For all", "text", "Größe: 3 €"));
    }

    @EventListener
    void greet(SessionSubscribeEvent event) {
        Object destination = event.getMessage().getHeaders().get("simpDestination");
        if (event.getUser() != null && ("/user" + QUEUE).equals(destination)) {
            template.convertAndSendToUser(event.getUser().getName(), QUEUE,
                Map.of("id", 0, "title", "Welcome", "text", "You are " + event.getUser().getName()));
        }
    }

    @MessageMapping("/measure")
    @SendToUser(QUEUE)
    Map<String, Object> measure(String text) {
        return Map.of("id", text.length(), "title", "Measured", "text", text.length() + " characters");
    }
}
