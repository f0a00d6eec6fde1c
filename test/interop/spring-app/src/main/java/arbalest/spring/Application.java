package arbalest.spring;

import java.security.Principal;
import java.util.Map;
import java.util.UUID;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.server.ServerHttpRequest;
import org.springframework.messaging.simp.config.MessageBrokerRegistry;
import org.springframework.scheduling.TaskScheduler;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;
import org.springframework.web.socket.WebSocketHandler;
import org.springframework.web.socket.config.annotation.EnableWebSocketMessageBroker;
import org.springframework.web.socket.config.annotation.StompEndpointRegistry;
import org.springframework.web.socket.config.annotation.WebSocketMessageBrokerConfigurer;
import org.springframework.web.socket.server.support.DefaultHandshakeHandler;

/**
 * STOMP on Spring's simple broker: "/notifications" is a SockJS endpoint, "/ws" a plain WebSocket. Everything else is
 * left as Spring has it, also the limits: Tomcat's 8 KiB for a WebSocket message, 64 KiB for a STOMP frame.
 */
@SpringBootApplication
@EnableScheduling
public class Application {
    public static void main(String[] arguments) {
        SpringApplication.run(Application.class, arguments);
    }

    @Configuration
    @EnableWebSocketMessageBroker
    static class Messaging implements WebSocketMessageBrokerConfigurer {
        @Override
        public void registerStompEndpoints(StompEndpointRegistry registry) {
            registry.addEndpoint("/notifications").setHandshakeHandler(new NamesEverybody()).withSockJS();
            registry.addEndpoint("/ws").setHandshakeHandler(new NamesEverybody());
        }

        @Override
        public void configureMessageBroker(MessageBrokerRegistry registry) {
            registry.enableSimpleBroker("/topic", "/queue")
                .setHeartbeatValue(new long[] {1000, 1000})
                .setTaskScheduler(heartBeatScheduler());
            registry.setApplicationDestinationPrefixes("/app");
        }

        @Bean
        TaskScheduler heartBeatScheduler() {
            ThreadPoolTaskScheduler scheduler = new ThreadPoolTaskScheduler();
            scheduler.setThreadNamePrefix("heart-beat-");
            return scheduler;
        }
    }

    /** Nobody logs in here, and "/user/queue/..." needs a user all the same. */
    static class NamesEverybody extends DefaultHandshakeHandler {
        @Override
        protected Principal determineUser(ServerHttpRequest request, WebSocketHandler handler,
                                          Map<String, Object> attributes) {
            String name = UUID.randomUUID().toString();
            return () -> name;
        }
    }
}
