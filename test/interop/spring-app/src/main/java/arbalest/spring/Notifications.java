package arbalest.spring;

import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.messaging.handler.annotation.MessageMapping;
import org.springframework.messaging.simp.SimpMessagingTemplate;
import org.springframework.messaging.simp.annotation.SendToUser;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Controller;

/**
 * Notifies everybody twice a second at /topic/notifications, and answers at /user/queue/notifications what is sent to
 * /app/measure.
 */
@Controller
public class Notifications {
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

    @MessageMapping("/measure")
    @SendToUser("/queue/notifications")
    Map<String, Object> measure(String text) {
        return Map.of("id", text.length(), "title", "Measured", "text", text.length() + " characters");
    }
}
