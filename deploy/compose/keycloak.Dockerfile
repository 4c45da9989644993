# Keycloak 26.7.3 from its Maven distribution, built once with the listener.
FROM maven:3.9-eclipse-temurin-17 AS build
WORKDIR /src
COPY keycloak-listener keycloak-listener
COPY internal/events internal/events
RUN mvn -q -B -f keycloak-listener/pom.xml package -DskipTests
RUN mvn -q -B dependency:unpack -Dartifact=org.keycloak:keycloak-quarkus-dist:26.7.3:zip -DoutputDirectory=/kc
RUN mv /kc/keycloak-26.7.3 /opt/keycloak && cp keycloak-listener/target/tokenstate-keycloak-listener.jar /opt/keycloak/providers/ \
    && /opt/keycloak/bin/kc.sh build

FROM eclipse-temurin:17-jre
COPY --from=build /opt/keycloak /opt/keycloak
RUN useradd --system --home /opt/keycloak keycloak && chown -R keycloak /opt/keycloak/data /opt/keycloak/lib || true
USER keycloak
# start-dev keeps its users in a file of the container: this is for a try.
ENTRYPOINT ["/opt/keycloak/bin/kc.sh", "start-dev", "--import-realm"]
